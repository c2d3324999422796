#include "cloud/members.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/events/device_text.h"
#include "core/events/redact.h"
#include "core/types/ascii.h"

namespace taskwatchd {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

std::optional<std::string_view> string_of(const element& value) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

template <typename Number>
std::optional<Number> number_of(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

std::optional<double> double_of(const element& value) {
  std::optional<double> number;
  if (const auto text = string_of(value)) {
    number = number_of<double>(*text);
  } else if (value.is_number()) {
    number = value.get_double().value_unsafe();
  }
  return number && std::isfinite(*number) ? number : std::nullopt;
}

std::optional<std::uint64_t> whole_of(const element& value) {
  if (const auto text = string_of(value)) return number_of<std::uint64_t>(*text);
  std::uint64_t number = 0;
  if (value.get_uint64().get(number) != simdjson::SUCCESS) return std::nullopt;
  return number;
}

}  // namespace

std::string keep(std::string_view text, std::size_t limit) {
  return cut(std::string(text), limit);
}

void Members::fail(std::string_view name, std::string_view what) {
  if (!error_.empty()) return;
  error_ = name;
  error_ += ' ';
  error_ += what;
}

template <typename Same>
std::optional<element> Members::find_if(std::string_view name, Same same) {
  std::optional<element> found;
  for (const auto& member : object_) {
    if (!same(member.key, name)) continue;
    if (found) fail(name, "occurs twice");
    found = member.value;
  }
  if (found && found->is_null()) return std::nullopt;
  return found;
}

std::optional<element> Members::find(std::string_view name) {
  return find_if(name, [](std::string_view key, std::string_view wanted) { return key == wanted; });
}

std::optional<element> Members::find_any_case(std::string_view name) {
  return find_if(name, [](std::string_view key, std::string_view wanted) {
    return std::equal(key.begin(), key.end(), wanted.begin(), wanted.end(),
                      [](char a, char b) { return ascii_lower(a) == ascii_lower(b); });
  });
}

std::string Members::needed_text(std::string_view name) {
  const std::optional<element> value = find(name);
  const auto text = value ? string_of(*value) : std::nullopt;
  if (!text) fail(name, value ? "is not a string" : "is missing");
  return text ? std::string(*text) : std::string();
}

std::string Members::needed_id(std::string_view name) {
  std::string text = needed_text(name);
  if (text.empty()) fail(name, "is empty");
  if (text.size() > kIdLimit) fail(name, "is longer than any id");
  return text;
}

std::string Members::optional_id(std::string_view name) {
  return find(name) ? needed_id(name) : std::string();
}

Wall Members::needed_time(std::string_view name) {
  const std::optional<Wall> time = parse_utc(needed_text(name));
  if (!time) fail(name, "is not a time");
  return time.value_or(Wall());
}

std::string Members::name_text(std::string_view name) {
  const std::optional<element> value = find(name);
  const auto text = value ? string_of(*value) : std::nullopt;
  return text ? keep(*text, kNameLimit) : std::string();
}

std::string Members::device_text(std::string_view name) {
  const std::optional<element> value = find(name);
  if (!value) return {};
  const auto text = string_of(*value);
  const std::string words = text ? std::string(*text) : simdjson::minify(*value);
  // Redacted before it is truncated: redaction would not recognize a parameter whose name is cut.
  return keep(redact(words), kTextLimit);
}

std::optional<double> Members::percent(std::string_view name) {
  const std::optional<element> value = find(name);
  const std::optional<double> number = value ? double_of(*value) : std::nullopt;
  return number && *number >= 0 && *number <= 100 ? number : std::nullopt;
}

std::optional<std::uint64_t> Members::optional_count(std::string_view name, std::uint64_t high) {
  const std::optional<element> value = find_any_case(name);
  if (!value) return std::nullopt;
  const std::optional<std::uint64_t> number = whole_of(*value);
  if (number && *number <= high) return number;
  fail(name, "is not a count");
  return std::nullopt;
}

std::uint64_t Members::needed_count(std::string_view name, std::uint64_t high) {
  const std::optional<std::uint64_t> number = optional_count(name, high);
  if (!number) fail(name, "is missing");
  return number.value_or(0);
}

std::optional<double> Members::setting(std::string_view name, double high) {
  const std::optional<element> value = find_any_case(name);
  const std::optional<double> number = value ? double_of(*value) : std::nullopt;
  return number && *number > 0 && *number <= high ? number : std::nullopt;
}

std::optional<Members> Members::inner(std::string_view name) {
  const std::optional<element> value = find(name);
  simdjson::dom::object object;
  if (!value || value->get_object().get(object) != simdjson::SUCCESS) return std::nullopt;
  return Members(object);
}

}  // namespace taskwatchd
