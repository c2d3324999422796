// Something that happened, for the log and later for other sinks. Plain values. Stored events get
// an id at their commit; others (started, api_throttled, ...) have id 0.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/types/time.h"

namespace taskwatchd {

enum class Level : std::uint8_t { kDebug, kInfo, kWarn, kError };

using StringList = std::vector<std::string>;
using StringMap = std::vector<std::pair<std::string, std::string>>;  // in order
using FieldValue = std::variant<std::string, std::int64_t, double, bool, StringList, StringMap>;

struct Field {
  std::string name;  // [a-z_]+
  FieldValue value;
  bool operator==(const Field&) const = default;
};

struct Event {
  std::uint64_t id = 0;
  Wall ts;
  Level level = Level::kInfo;
  std::string name;  // "task_transition"; empty for a plain diagnostic
  std::string msg;   // one human-readable sentence; never a device message
  std::vector<Field> fields;

  void add(std::string field, FieldValue value) {
    fields.push_back({std::move(field), std::move(value)});
  }
  bool operator==(const Event&) const = default;
};

}  // namespace taskwatchd
