// Links to result files, signed as the object storage signs them: whoever has a link may read the
// file until the link expires. Each query creates a new link. No I/O.
// Source: help.aliyun.com, OSS, "Include a V1 signature in a URL".
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "simulator/model_action.h"
#include "simulator/model_request.h"

namespace iotsim {

class ResultLinks {
 public:
  static constexpr std::size_t kMaxLinks = 10'000;  // older ones are dropped
  static constexpr std::string_view kPathPrefix = "/job";

  // Returns the path and query of a new link to the distribution's file, valid until `expires_ms`.
  std::string issue(std::size_t distribution, std::int64_t expires_ms);
  // Returns the file, or the storage's error in XML. `now.wall_ms`: the platform's clock.
  Response fetch(const Request& request, World& world, const Switches& switches, Now now);

  // Returns how many of the kept links belong to the distribution.
  std::size_t issued(std::size_t distribution) const;

 private:
  struct Link {
    std::string path;
    std::size_t distribution = 0;
    bool is_used = false;
  };
  std::deque<Link> links_;
  std::uint64_t count_ = 0;
};

}  // namespace iotsim
