// The one writer of JSON: an object, member by member, in the order of the calls. Every text leaves
// as valid UTF-8 whose controls, line ends and bidirectional marks are escaped. A double always has
// a point or an exponent (80.0), so that it reads back as one; a producer who wants 80 gives an
// integer. NaN and the infinities are null. Pure; never fails on any input bytes.
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
  // What is not known is left out.
  JsonObject& add_if(std::string_view key, const std::string& text);
  JsonObject& add_if(std::string_view key, const std::optional<Wall>& at);
  // `json` is JSON already.
  JsonObject& add_json(std::string_view key, std::string_view json);

  std::string text() const { return text_ + '}'; }

 private:
  void begin(std::string_view key);

  std::string text_ = "{";
};

// 62 rather than 62.0.
FieldValue json_number(double value);
// [a,b] of JSON texts.
std::string json_list(const std::vector<std::string>& items);
// The text in quotes, escaped.
void append_quoted(std::string& out, std::string_view text);

}  // namespace taskwatchd
