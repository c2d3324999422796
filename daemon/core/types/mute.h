// A mute: chats are not sent what it covers until it ends; then they get one digest. Values only.
#pragma once

#include <string>

#include "core/types/time.h"

namespace taskwatchd {

struct Mute {
  std::string id = {};       // 8 lower-case hexadecimal digits
  std::string sink = {};     // empty: all chats
  std::string account = {};  // empty: all accounts
  std::string job = {};  // glob of a job's id or name; empty: everything, also events without a job
  std::string comment = {};     // why
  std::string created_by = {};  // user and address
  Wall created = {};
  Wall until = {};
  bool operator==(const Mute&) const = default;
};

}  // namespace taskwatchd
