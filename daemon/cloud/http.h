// An HTTP exchange as values. The cloud room makes requests and reads replies; io/curl_client
// carries them.
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
  std::string method;  // GET, POST, PUT without a body
  std::string url;     // may hold a signature: never log it
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string ca_file;  // empty: the system's
  std::string proxy;    // empty: none; the environment's proxies are never used
  // Less than the client's own limits, for those that are asked small things.
  std::optional<Duration> timeout;        // the whole exchange
  std::optional<std::size_t> body_limit;  // bytes of the reply
  // Plain http to the ECS metadata service's address is right for these alone.
  bool to_metadata_service = false;
};

// A reply that came whole, whatever its status.
struct HttpReply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;

  // The first header of that lower-case name, or nothing.
  const std::string* header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return &value;
    }
    return nullptr;
  }
};

// No whole reply came.
struct TransportFailure {
  enum class Kind { kTimeout, kUnreachable, kTls, kTooLarge, kProtocol };
  Kind kind = Kind::kUnreachable;
  std::string message;  // for people; holds no URL
};

using HttpResult = std::variant<HttpReply, TransportFailure>;

}  // namespace taskwatchd
