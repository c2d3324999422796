#include "cloud/error_xml.h"

#include <algorithm>
#include <array>
#include <map>

#include "cloud/xml_reader.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kReadLimit = 65536;  // bytes; the gateway's errors are below 1 kB

// Collects the root's name and the text of each requested member (its first occurrence).
class ErrorMembers : public XmlHandler {
 public:
  void open(std::string_view element, const char** /*attributes*/) override {
    if (root_.empty()) root_ = element;
    text_.clear();
  }
  void close(std::string_view element) override {
    const auto wanted = std::find(kWanted.begin(), kWanted.end(), element);
    if (wanted != kWanted.end()) members_.try_emplace(*wanted, text_);
    text_.clear();
  }
  void text(std::string_view part) override { text_ += part; }
  bool is_done() const override { return false; }

  const std::string& root() const { return root_; }
  std::string first_of(std::initializer_list<std::string_view> names) const {
    for (const std::string_view name : names) {
      if (const auto found = members_.find(name); found != members_.end()) return found->second;
    }
    return {};
  }

 private:
  static constexpr std::array<std::string_view, 8> kWanted = {
      "Success", "Code", "code", "ErrorMessage", "Message", "message", "RequestId", "requestId"};
  std::string root_;
  std::string text_;
  std::map<std::string_view, std::string> members_;
};

// Some gateways write invalid XML, such as a bare `&` in a message. This finds their code anyway.
std::string code_between_tags(std::string_view body) {
  constexpr std::string_view kOpen = "<Code>";
  const std::size_t open = body.find(kOpen);
  if (open == std::string_view::npos) return {};
  body.remove_prefix(open + kOpen.size());
  const std::size_t end = body.find("</Code>");
  return end == std::string_view::npos ? std::string() : std::string(body.substr(0, end));
}

}  // namespace

std::optional<XmlError> read_xml_error(std::string_view body) {
  body = body.substr(0, kReadLimit);
  // An XML declaration must come first; in the gateway's errors a byte order mark and white space
  // may precede it.
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
  body.remove_prefix(std::min(body.find_first_not_of(" \t\r\n"), body.size()));
  if (!body.starts_with('<')) return std::nullopt;
  ErrorMembers members;
  // For a truncated or malformed document, the members before the defect are used.
  const bool is_whole = XmlReader(members).feed(body);
  const bool is_error = members.root() == "Error";
  const bool is_refusal =
      members.root().ends_with("Response") && members.first_of({"Success"}) == "false";
  if (!is_error && !is_refusal) return std::nullopt;
  XmlError error;
  error.code = members.first_of({"Code", "code"});
  error.message = members.first_of({"ErrorMessage", "Message", "message"});
  error.request_id = members.first_of({"RequestId", "requestId"});
  if (error.code.empty() && !is_whole) error.code = code_between_tags(body);
  if (error.code.empty()) return std::nullopt;
  return error;
}

}  // namespace taskwatchd
