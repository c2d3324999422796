// One HTTP exchange as values, and the API call that is parsed from a request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "simulator/model_reply.h"
#include "simulator/model_signature.h"

namespace iotsim {

struct Request {
  std::string method;
  std::string target;  // path and query: "/?Action=QueryTask"
  Pairs headers;       // names in any letter case
  std::string body;
  std::string remote;  // address:port of the client; for the call log only

  // Returns the first header with that lower-case name, trimmed; nullopt if absent.
  std::optional<std::string> header(std::string_view lower_name) const;
};

// Returns a Request for an absolute URL. Adds the host header if it is missing.
Request request_to(std::string method, std::string_view url, Pairs headers, std::string body);

// How a response is sent. To the client, all kinds but kWhole look like a broken transport.
enum class Delivery : std::uint8_t {
  kWhole,
  kCutLength,  // half the body, though Content-Length promises all
  kCutBare,    // half the body without Content-Length: looks complete until it is parsed
  kDropped,    // the connection closes without a byte
  kEndless,    // the body repeated, without a length, until the peer hangs up
  kDripped,    // headers, then one byte of the body per second
};

struct Response {
  int status = 200;
  Pairs headers;  // names in lower case; neither content-length nor connection
  std::string body;
  std::int64_t delay_ms = 0;  // before the first byte
  Delivery delivery = Delivery::kWhole;

  const std::string* header(std::string_view lower_name) const;
};

// The parameters of a request and its signature.
struct Call {
  std::string action;
  std::string version;
  Pairs parameters;  // of query and form body, decoded
  // The signature's parts.
  int signature_version = 1;  // 1, or 3 for ACS3-HMAC-SHA256
  std::string access_key_id;
  std::string timestamp;
  std::string nonce;
  std::string security_token;
  std::string signature;
  std::string text_to_sign;  // as this side derives it; only if requested

  const std::string* parameter(std::string_view name) const;
};

// Returns whether the client wants JSON; the default is XML.
bool wants_json(const Request& request);
// Parses a request. Returns a Refusal if the request is malformed or lacks a common parameter.
// `for_signature`: also builds the text to sign, which costs as much as all the rest.
std::variant<Call, Refusal> parse_call(const Request& request, bool for_signature);

}  // namespace iotsim
