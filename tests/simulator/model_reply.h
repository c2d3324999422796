// Responses as the platform writes them: one tree, rendered as JSON or as XML.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace iotsim {

struct Member;

// A value in a response. Objects keep the order of their members.
struct Value {
  enum class Kind : std::uint8_t { kString, kLiteral, kObject, kArray };
  Kind kind = Kind::kObject;
  std::string text;             // kString: any bytes; kLiteral: a JSON number, true, false
  std::vector<Member> members;  // of kObject, and of kArray, whose member names are ignored
};
struct Member {
  std::string name;
  Value value;
};

Value text_value(std::string text);
Value literal(std::string text);
Value number(std::int64_t n);
Value boolean(bool b);
Value object(std::vector<Member> members);
Value array(std::vector<Value> items);

std::string to_json(const Value& value);
// Returns <root>...</root>. An array repeats its member's name for each item.
std::string to_xml(std::string_view root, const Value& value);

// An error as the platform reports it.
struct Refusal {
  int http_status = 400;
  std::string code;
  std::string message;
  bool in_band = false;  // Success=false in the operation's own response, not the gateway's error
};

}  // namespace iotsim
