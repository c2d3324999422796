// In which order the cloud lists the tasks of one status: not documented, so it is learned from the
// pages. Where new ones turn up decides how far a list must be read. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/types/task.h"

namespace taskwatchd {

class PageOrder {
 public:
  enum class Kind : std::uint8_t {
    kNewestFirst,  // the last modified one stands first
    kOldestFirst,
    kOther,  // by id, or in any order, or not known yet: new ones turn up anywhere
  };

  // One page as it came. Says nothing unless at least eight rows differ in their UtcModified: one
  // in 40,320 such pages is in order by chance.
  void learn(const std::vector<TaskReply>& rows);

  // What the last three telling pages agree on.
  Kind kind() const { return agreeing_ >= kAgree ? last_ : Kind::kOther; }

 private:
  static constexpr std::size_t kTelling = 8;
  static constexpr int kAgree = 3;

  Kind last_ = Kind::kOther;
  int agreeing_ = 0;
};

}  // namespace taskwatchd
