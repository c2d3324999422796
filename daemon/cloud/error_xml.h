// Parser of the gateway's XML errors. They are sent even to callers who requested JSON, and with
// any content type: a request that fails before it is parsed gets the gateway's default format,
// XML. No I/O.
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

// Parses an <Error> document, or an operation's own document with <Success>false</Success>. Returns
// nullopt for any other text: HTML, a success, or a document truncated before the end of its
// <Code>.
std::optional<XmlError> read_xml_error(std::string_view body);

}  // namespace taskwatchd
