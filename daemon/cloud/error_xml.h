// The gateway's XML errors. They come even to callers who asked for JSON, and with any content
// type: whatever fails before the request is understood is answered in the gateway's own default,
// XML. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace taskwatchd {

struct XmlError {
  std::string code;
  std::string message;
  std::string request_id;
};

// Of an <Error> document, or of an operation's own with <Success>false</Success>. Nothing for any
// other text: HTML, a reply that is a success, a document cut before its <Code> ended.
std::optional<XmlError> read_xml_error(std::string_view body);

}  // namespace taskwatchd
