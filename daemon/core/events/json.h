// The only JSON writer: an object, member by member, in the order of the calls. Every text is
// written as valid UTF-8; controls, line ends and bidirectional controls are escaped. A double
// always has a point or an exponent (80.0), so that it is read back as a double; pass an integer to
// write 80. NaN and infinities become null. No I/O; never fails on any input bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/event.h"
#include "core/types/time.h"

namespace taskwatchd {

class JsonObject {
 public:
  JsonObject() = default;
  explicit JsonObject(const std::vector<Field>& fields);

  JsonObject& add(std::string_view key, const FieldValue& value);
  // Omits the member if its value is unknown.
  JsonObject& add_if(std::string_view key, const std::string& text);
  JsonObject& add_if(std::string_view key, const std::optional<Wall>& at);
  // `json` is already JSON.
  JsonObject& add_json(std::string_view key, std::string_view json);

  std::string text() const { return text_ + '}'; }

 private:
  void begin(std::string_view key);

  std::string text_ = "{";
};

// 62 rather than 62.0.
FieldValue json_number(double value);
// Joins JSON texts to an array: [a,b].
std::string json_list(const std::vector<std::string>& items);
// Appends the text in quotes, escaped.
void append_quoted(std::string& out, std::string_view text);

}  // namespace taskwatchd
