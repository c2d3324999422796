#include "cloud/members.h"

#include <charconv>
#include <cmath>

#include "core/event_text.h"

namespace taskwatchd {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

std::optional<std::string_view> string_of(const element& value) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

std::optional<double> number_of(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
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

std::optional<element> Members::find(std::string_view name) {
  std::optional<element> found;
  for (const auto& member : object_) {
    if (member.key != name) continue;
    if (found) fail(name, "comes twice");
    found = member.value;
  }
  if (found && found->is_null()) return std::nullopt;
  return found;
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

std::string Members::device_words(std::string_view name) {
  const std::optional<element> value = find(name);
  if (!value) return {};
  const auto text = string_of(*value);
  const std::string words = text ? std::string(*text) : simdjson::minify(*value);
  // Redacted before it is cut: a cut in the middle of a parameter's name would hide it from view.
  return keep(redact(words), kTextLimit);
}

std::optional<double> Members::percent(std::string_view name) {
  const std::optional<element> value = find(name);
  if (!value) return std::nullopt;
  std::optional<double> number;
  if (const auto text = string_of(*value)) {
    number = number_of(*text);
  } else if (value->is_number()) {
    number = value->get_double().value_unsafe();
  }
  const bool sane = number && std::isfinite(*number) && *number >= 0 && *number <= 100;
  return sane ? number : std::nullopt;
}

}  // namespace taskwatchd
