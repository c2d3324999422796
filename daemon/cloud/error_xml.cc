#include "cloud/error_xml.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

namespace taskwatchd {
namespace {

constexpr std::size_t kScanLimit = 65536;  // bytes; the gateway's errors are below 1 kB
constexpr std::string_view kBlank = " \t\r\n";

void skip_blank(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
}

// The first element's name, past a byte order mark, a declaration and blanks.
std::string_view root_of(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  skip_blank(text);
  if (text.starts_with("<?xml")) {
    const std::size_t end = text.find("?>");
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 2);
    skip_blank(text);
  }
  if (!text.starts_with('<')) return {};
  text.remove_prefix(1);
  return text.substr(0, text.find_first_of(" \t\r\n/>"));
}

// Entities that the gateway writes; others stay as they are.
std::string unescape(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, char>, 5> kEntities = {
      {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}}};
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t width = 1;
    char c = text[at];
    for (const auto& [entity, plain] : kEntities) {
      if (!text.substr(at).starts_with(entity)) continue;
      width = entity.size();
      c = plain;
      break;
    }
    out += c;
    at += width;
  }
  return out;
}

// The text of the first <name>...</name>.
std::optional<std::string> text_of(std::string_view text, const std::string& name) {
  const std::string open = '<' + name + '>';
  const std::size_t at = text.find(open);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + open.size());
  const std::size_t end = text.find("</" + name + '>');
  if (end == std::string_view::npos) return std::nullopt;
  text = text.substr(0, end);
  constexpr std::string_view kData = "<![CDATA[";
  if (text.starts_with(kData) && text.ends_with("]]>") && text.size() >= kData.size() + 3) {
    return std::string(text.substr(kData.size(), text.size() - kData.size() - 3));
  }
  return unescape(text);
}

std::string first_of(std::string_view text, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (auto found = text_of(text, name)) return *std::move(found);
  }
  return {};
}

}  // namespace

std::optional<XmlError> read_xml_error(std::string_view body) {
  body = body.substr(0, kScanLimit);
  const std::string_view root = root_of(body);
  const bool is_error = root == "Error";
  const bool is_refusal = root.ends_with("Response") && text_of(body, "Success") == "false";
  if (!is_error && !is_refusal) return std::nullopt;
  XmlError error;
  error.code = first_of(body, {"Code", "code"});
  error.message = first_of(body, {"ErrorMessage", "Message", "message"});
  error.request_id = first_of(body, {"RequestId", "requestId"});
  if (error.code.empty()) return std::nullopt;
  return error;
}

}  // namespace taskwatchd
