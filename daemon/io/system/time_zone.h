// Local time of the host's time zones. Blocks for the read of a small file; keeps what it read.
// Event-loop thread only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/types/time.h"

namespace taskwatchd {

// One zone of the time zone database. Source: RFC 9636 (TZif), the 64-bit data of version 2 and
// later. Its footer is not read: Debian's files list all transitions until 2037.
class TimeZone {
 public:
  // Returns nullopt if the bytes are not such a file.
  static std::optional<TimeZone> parse(std::string_view bytes);
  // Minutes east of UTC, rounded down.
  int offset(Wall at) const;

 private:
  struct Change {
    std::int64_t at = 0;  // Unix time, s
    int offset = 0;       // s
  };
  int first_ = 0;  // before all changes, s
  std::vector<Change> changes_;
};

class TimeZones {
 public:
  explicit TimeZones(std::string folder = "/usr/share/zoneinfo") : folder_(std::move(folder)) {}
  // Minutes east of UTC in the zone of that IANA name. An empty name, or one that the host does not
  // know, is the host's own zone.
  int offset(const std::string& name, Wall at);
  // True if the host knows the zone.
  bool knows(const std::string& name);

 private:
  const std::optional<TimeZone>& zone(const std::string& name);

  std::string folder_;
  std::map<std::string, std::optional<TimeZone>> zones_;  // by name; nullopt: unusable
};

}  // namespace taskwatchd
