#include "core/events/json.h"

#include <fmt/format.h>

#include <array>
#include <cassert>
#include <charconv>
#include <cmath>
#include <iterator>

#include "core/types/utf8.h"

namespace taskwatchd {
namespace {

// Appends the content of a JSON string; valid UTF-8 for any input.
void append_escaped(std::string& out, std::string_view text) {
  const auto to = std::back_inserter(out);
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char c = utf8_at(text, at);
    if (c.size == 0) {
      out += "\xEF\xBF\xBD";
      ++at;
      continue;
    }
    if (c.code == '"' || c.code == '\\') {
      out += '\\';
      out += text[at];
    } else if (c.code == '\n') {
      out += "\\n";
    } else if (must_escape(c.code)) {
      fmt::format_to(to, "\\u{:04x}", static_cast<unsigned>(c.code));
    } else {
      out += text.substr(at, c.size);
    }
    at += c.size;
  }
}

// The shortest text that parses to the same number.
template <typename Number>
std::string shortest_text(Number value) {
  std::array<char, 40> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  assert(error == std::errc());
  return std::string(text.data(), end);
}

struct ValueWriter {
  std::string& out;

  void operator()(const std::string& v) const { append_quoted(out, v); }
  void operator()(std::int64_t v) const { out += shortest_text(v); }
  void operator()(bool v) const { out += v ? "true" : "false"; }
  void operator()(double v) const {
    if (!std::isfinite(v)) {
      out += "null";
      return;
    }
    const std::string text = shortest_text(v);
    out += text;
    if (text.find_first_of(".e") == std::string::npos) out += ".0";
  }
  void operator()(const StringList& v) const {
    out += '[';
    for (std::size_t i = 0; i < v.size(); ++i) {
      if (i > 0) out += ',';
      append_quoted(out, v[i]);
    }
    out += ']';
  }
  void operator()(const StringMap& v) const {
    out += '{';
    for (std::size_t i = 0; i < v.size(); ++i) {
      if (i > 0) out += ',';
      append_quoted(out, v[i].first);
      out += ':';
      append_quoted(out, v[i].second);
    }
    out += '}';
  }
};

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

JsonObject::JsonObject(const std::vector<Field>& fields) {
  for (const Field& field : fields) add(field.name, field.value);
}

void JsonObject::begin(std::string_view key) {
  if (text_.size() > 1) text_ += ',';
  append_quoted(text_, key);
  text_ += ':';
}

JsonObject& JsonObject::add(std::string_view key, const FieldValue& value) {
  begin(key);
  std::visit(ValueWriter{text_}, value);
  return *this;
}

JsonObject& JsonObject::add_if(std::string_view key, const std::string& text) {
  return text.empty() ? *this : add(key, text);
}

JsonObject& JsonObject::add_if(std::string_view key, const std::optional<Wall>& at) {
  return at ? add(key, rfc3339(*at)) : *this;
}

JsonObject& JsonObject::add_json(std::string_view key, std::string_view json) {
  begin(key);
  text_ += json;
  return *this;
}

FieldValue json_number(double value) {
  if (std::nearbyint(value) == value) return static_cast<std::int64_t>(value);
  return value;
}

std::string json_list(const std::vector<std::string>& items) {
  std::string list = "[";
  for (const std::string& item : items) {
    if (list.size() > 1) list += ',';
    list += item;
  }
  return list + "]";
}

}  // namespace taskwatchd
