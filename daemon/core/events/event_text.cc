#include "core/events/event_text.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <cassert>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>

#include "core/events/json.h"
#include "core/types/names.h"
#include "core/types/utf8.h"

namespace taskwatchd {
namespace {

constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 5> kOwnNames = {"ts", "level", "event", "msg", "id"};
constexpr std::size_t kMaxDepth = 8;  // an event has two levels; simdjson adds a few internal ones

// The shortest text that parses to the same number.
template <typename Number>
std::string shortest(Number value) {
  std::array<char, 40> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  assert(error == std::errc());
  return std::string(text.data(), end);
}

bool is_own_name(std::string_view name) {
  return find_in<std::size_t>(kOwnNames, name).has_value();
}

// Returns true if logfmt needs no quotes for the text.
bool is_plain(std::string_view text) {
  if (text.empty()) return false;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char c = utf8_at(text, at);
    if (c.size == 0 || c.code == ' ' || c.code == '=' || c.code == '"' || c.code == '\\' ||
        c.code == 0xFFFD || must_escape(c.code)) {
      return false;
    }
    at += c.size;
  }
  return true;
}

void append_pair(std::string& out, std::string_view key, std::string_view value) {
  if (!out.empty()) out += ' ';
  // A key cannot be quoted: characters that could end it become underscores.
  for (const char c : key) {
    const bool plain = c > ' ' && c < 0x7F && c != '=' && c != '"' && c != '\\';
    out += plain ? c : '_';
  }
  out += '=';
  if (is_plain(value)) {
    out += value;
  } else {
    append_quoted(out, value);
  }
}

struct LogfmtPair {
  std::string& out;
  const std::string& name;

  void operator()(const std::string& v) const { append_pair(out, name, v); }
  void operator()(std::int64_t v) const { append_pair(out, name, shortest(v)); }
  void operator()(double v) const { append_pair(out, name, shortest(v)); }
  void operator()(bool v) const { append_pair(out, name, v ? "true" : "false"); }
  void operator()(const StringList& v) const {
    append_pair(out, name, fmt::format("{}", fmt::join(v, ",")));
  }
  void operator()(const StringMap& v) const {
    for (const auto& [key, value] : v) append_pair(out, name + '.' + key, value);
  }
};

using Element = simdjson::dom::element;

std::optional<std::string> string_of(const Element& element) {
  std::string_view text;
  if (element.get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  return std::string(text);
}

std::optional<FieldValue> list_of(const Element& element) {
  StringList list;
  for (const Element& item : simdjson::dom::array(element.get_array().value_unsafe())) {
    std::optional<std::string> text = string_of(item);
    if (!text) return std::nullopt;
    list.push_back(*std::move(text));
  }
  return list;
}

std::optional<FieldValue> map_of(const Element& element) {
  StringMap map;
  for (const auto& member : simdjson::dom::object(element.get_object().value_unsafe())) {
    std::optional<std::string> text = string_of(member.value);
    if (!text) return std::nullopt;
    map.emplace_back(std::string(member.key), *std::move(text));
  }
  return map;
}

std::optional<FieldValue> value_of(const Element& element) {
  using simdjson::dom::element_type;
  switch (element.type()) {
    case element_type::STRING:
      return *string_of(element);
    case element_type::INT64:
      return element.get_int64().value_unsafe();
    case element_type::DOUBLE:
      return element.get_double().value_unsafe();
    case element_type::BOOL:
      return element.get_bool().value_unsafe();
    case element_type::ARRAY:
      return list_of(element);
    case element_type::OBJECT:
      return map_of(element);
    case element_type::NULL_VALUE:
      return std::numeric_limits<double>::quiet_NaN();
    case element_type::UINT64:
      return std::nullopt;
  }
  return std::nullopt;
}

// Stores ts, level, event, msg or id in its member.
bool take_own(Event& event, std::string_view name, const Element& element) {
  if (name == "id") return element.get_uint64().get(event.id) == simdjson::SUCCESS;
  std::optional<std::string> text = string_of(element);
  if (!text) return false;
  if (name == "ts") {
    const std::optional<Wall> ts = parse_utc(*text);
    event.ts = ts.value_or(Wall());
    return ts.has_value();
  }
  if (name == "level") {
    const std::optional<Level> level = find_in<Level>(kLevels, *text);
    event.level = level.value_or(Level::kInfo);
    return level.has_value();
  }
  (name == "event" ? event.name : event.msg) = *std::move(text);
  return true;
}

}  // namespace

std::string_view name(Level level) {
  return name_in(kLevels, level);
}

std::string to_json(const Event& event) {
  JsonObject json;
  json.add("ts", rfc3339(event.ts)).add("level", std::string(name(event.level)));
  json.add_if("event", event.name).add("msg", event.msg);
  if (event.id != 0) json.add_json("id", std::to_string(event.id));
  for (const Field& field : event.fields) {
    assert(!is_own_name(field.name));
    json.add(field.name, field.value);
  }
  return json.text();
}

std::string to_logfmt(const Event& event) {
  std::string out;
  append_pair(out, "ts", rfc3339(event.ts));
  append_pair(out, "level", name(event.level));
  if (!event.name.empty()) append_pair(out, "event", event.name);
  append_pair(out, "msg", event.msg);
  if (event.id != 0) append_pair(out, "id", shortest(event.id));
  for (const Field& field : event.fields) {
    std::visit(LogfmtPair{out, field.name}, field.value);
  }
  return out;
}

std::optional<Event> event_from_json(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.allocate(json.size(), kMaxDepth) != simdjson::SUCCESS ||
      parser.parse(json.data(), json.size()).get_object().get(object) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  Event event;
  std::array<int, kOwnNames.size()> seen{};
  for (const auto& member : object) {
    if (const auto own = find_in<std::size_t>(kOwnNames, member.key)) {
      if (++seen.at(*own) > 1 || !take_own(event, member.key, member.value)) return std::nullopt;
      continue;
    }
    std::optional<FieldValue> value = value_of(member.value);
    if (!value) return std::nullopt;
    event.fields.push_back({std::string(member.key), *std::move(value)});
  }
  // ts, level and msg are mandatory.
  if (seen[0] == 0 || seen[1] == 0 || seen[3] == 0) return std::nullopt;
  return event;
}

}  // namespace taskwatchd
