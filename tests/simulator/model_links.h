// Links to result files, signed as the object storage signs them: who has one may read the file
// until it expires. Each question makes a new one. Pure.
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
  static constexpr std::size_t kMaxLinks = 10'000;  // the oldest are forgotten
  static constexpr std::string_view kPathPrefix = "/job";

  // Path and query of a new link to that distribution's file, valid until `expires_ms`.
  std::string issue(std::size_t distribution, std::int64_t expires_ms);
  // The file, or the storage's refusal in XML. `now.wall_ms`: the cloud's clock.
  Response fetch(const Request& request, World& world, const Switches& switches, Now now);

  // How many were made for it.
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
