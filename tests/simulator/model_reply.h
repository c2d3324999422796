// Replies as the cloud writes them: one tree, rendered as JSON or as XML.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace iotsim {

struct Member;

// A value in a reply. Objects keep their members' order.
struct Value {
  enum class Kind : std::uint8_t { kString, kLiteral, kObject, kArray };
  Kind kind = Kind::kObject;
  std::string text;             // kString: any bytes; kLiteral: a JSON number, true, false
  std::vector<Member> members;  // kObject; kArray: their names do not count
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
// <root>...</root>; an array's items each repeat their member's name.
std::string to_xml(std::string_view root, const Value& value);

// What went wrong, in the cloud's words.
struct Refusal {
  int http_status = 400;
  std::string code;
  std::string message;
  bool in_band = false;  // Success=false in the operation's own reply, not the gateway's error
};

}  // namespace iotsim
