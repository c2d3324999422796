// One HTTP exchange as values, and what a request asks for once it is taken apart.
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
  std::string remote;  // the peer's address; for the call log only

  // The first header of that lower-case name, trimmed; nothing if absent.
  std::optional<std::string> header(std::string_view lower_name) const;
};

// A Request from an absolute URL, as clients hold it; the host header is added if it lacks.
Request request_to(std::string method, std::string_view url, Pairs headers, std::string body);

// How a reply leaves. All but kWhole look like a broken transport to the client.
enum class Delivery : std::uint8_t {
  kWhole,
  kCutLength,  // half the body, though Content-Length promises all
  kCutBare,    // half the body without Content-Length: looks whole until it is read
  kDropped,    // the connection closes without a byte
  kEndless,    // the body again and again, without a length, until the peer has had enough
  kDripped,    // headers, then one byte of the body a second
};

struct Response {
  int status = 200;
  Pairs headers;  // names in lower case; neither content-length nor connection
  std::string body;
  std::int64_t delay_ms = 0;  // before the first byte
  Delivery delivery = Delivery::kWhole;

  const std::string* header(std::string_view lower_name) const;
};

// What a request asks for, and how it is signed.
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
  std::string text_to_sign;  // as this side understands the request; only if asked for

  const std::string* parameter(std::string_view name) const;
};

// Whether the client asks for JSON; XML if it does not say.
bool wants_json(const Request& request);
// Takes a request apart; a Refusal if it is not even well-formed or lacks a common parameter.
// `for_signature`: also what the signature must cover; costs as much as all the rest.
std::variant<Call, Refusal> parse_call(const Request& request, bool for_signature);

}  // namespace iotsim
