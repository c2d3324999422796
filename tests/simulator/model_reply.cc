#include "simulator/model_reply.h"

#include <array>
#include <cstdio>

namespace iotsim {
namespace {

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escaped;
      std::snprintf(escaped.data(), escaped.size(), "\\u%04x", static_cast<unsigned>(c));
      out += escaped.data();
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_json(std::string& out, const Value& value) {
  switch (value.kind) {
    case Value::Kind::kString:
      append_json_string(out, value.text);
      return;
    case Value::Kind::kLiteral:
      out += value.text;
      return;
    case Value::Kind::kObject:
    case Value::Kind::kArray:
      break;
  }
  const bool is_object = value.kind == Value::Kind::kObject;
  out += is_object ? '{' : '[';
  bool first = true;
  for (const Member& member : value.members) {
    if (!first) out += ',';
    first = false;
    if (is_object) {
      append_json_string(out, member.name);
      out += ':';
    }
    append_json(out, member.value);
  }
  out += is_object ? '}' : ']';
}

void append_xml_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r') {
      out += '?';  // XML 1.0 has no way to write these
    } else {
      out += c;
    }
  }
}

void append_xml(std::string& out, std::string_view name, const Value& value) {
  if (value.kind == Value::Kind::kArray) {
    for (const Member& item : value.members) append_xml(out, name, item.value);
    return;
  }
  out.append("<").append(name).append(">");
  if (value.kind == Value::Kind::kObject) {
    for (const Member& member : value.members) append_xml(out, member.name, member.value);
  } else {
    append_xml_text(out, value.text);
  }
  out.append("</").append(name).append(">");
}

}  // namespace

Value text_value(std::string text) {
  return {Value::Kind::kString, std::move(text), {}};
}
Value literal(std::string text) {
  return {Value::Kind::kLiteral, std::move(text), {}};
}
Value number(std::int64_t n) {
  return literal(std::to_string(n));
}
Value boolean(bool b) {
  return literal(b ? "true" : "false");
}
Value object(std::vector<Member> members) {
  return {Value::Kind::kObject, "", std::move(members)};
}

Value array(std::vector<Value> items) {
  Value value{Value::Kind::kArray, "", {}};
  for (Value& item : items) value.members.push_back({"", std::move(item)});
  return value;
}

std::string to_json(const Value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

std::string to_xml(std::string_view root, const Value& value) {
  std::string out = "<?xml version='1.0' encoding='UTF-8'?>";
  append_xml(out, root, value);
  return out;
}

}  // namespace iotsim
