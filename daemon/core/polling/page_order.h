// In which order the platform lists the tasks of one status: not documented, so it is learned from
// the pages. Where new tasks appear decides how far a list must be read. No I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/types/task.h"

namespace taskwatchd {

class PageOrder {
 public:
  enum class Kind : std::uint8_t {
    kNewestFirst,  // the last modified one comes first
    kOldestFirst,
    kOther,  // by id, in any order, or not known yet: new tasks appear anywhere
  };

  // Applies one page as received. No effect unless at least eight rows have different UtcModified:
  // one in 40,320 such pages is ordered by chance (8! permutations).
  void learn(const std::vector<TaskReply>& rows);

  // What the last three conclusive pages agree on.
  Kind kind() const { return agreeing_ >= kAgree ? last_ : Kind::kOther; }

 private:
  static constexpr std::size_t kConclusiveRows = 8;
  static constexpr int kAgree = 3;

  Kind last_ = Kind::kOther;
  int agreeing_ = 0;
};

}  // namespace taskwatchd
