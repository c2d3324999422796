// An HTTP exchange as values. cloud/ builds the requests and parses the responses; io/curl_client
// transfers them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/types/time.h"

namespace taskwatchd {

struct HttpRequest {
  std::string method;  // GET, POST; PUT and DELETE without a body
  std::string url;     // may contain a signature: never log it
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string ca_file;  // empty: the system's CA file
  std::string proxy;    // empty: none; proxies of the environment are never used
  // Lower limits than the client's own, for requests with small responses.
  std::optional<Duration> timeout;        // of the whole exchange
  std::optional<std::size_t> body_limit;  // of the response, in bytes
  // Only these requests may use plain http to the address of the ECS metadata service.
  bool to_metadata_service = false;
};

// A complete response, with any status.
struct HttpReply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;

  // Returns the first header of that lower-case name, or nullptr.
  const std::string* header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return &value;
    }
    return nullptr;
  }
};

// No complete response was received.
struct TransportFailure {
  enum class Kind { kTimeout, kUnreachable, kTls, kTooLarge, kProtocol };
  Kind kind = Kind::kUnreachable;
  std::string message;  // human-readable; contains no URL
};

using HttpResult = std::variant<HttpReply, TransportFailure>;

}  // namespace taskwatchd
