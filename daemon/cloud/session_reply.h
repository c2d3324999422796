// Parses the responses of servers that issue temporary credentials: credentials with an expiry, or
// a problem. Input is untrusted. A problem begins with a verb ("returned HTTP 503") and is appended
// to the source's name. It includes nothing of a body except well-formed codes and request ids.
#pragma once

#include <string>
#include <variant>

#include "cloud/http.h"
#include "core/types/secret.h"
#include "core/types/time.h"

namespace taskwatchd {

struct Session {
  Keys keys;
  Wall expires;
  std::optional<Wall> server_date;  // the time of the response, by the server's clock
};
struct SessionProblem {
  std::string message;
  std::optional<Wall> server_date;
  bool wrong_clock = false;  // a retry with the server's time may succeed
};
using SessionResult = std::variant<Session, SessionProblem>;

// {"Credentials": {AccessKeyId, AccessKeySecret, SecurityToken, Expiration}}, or {Code, Message}.
SessionResult read_sts_reply(const HttpResult& result);
// {Code: "Success", AccessKeyId, AccessKeySecret, SecurityToken, Expiration}; from the metadata
// service.
SessionResult read_metadata_session(const HttpResult& result);
// The same from a credentials URI, where Code may be absent, null or empty: the official SDKs read
// only the other four.
SessionResult read_uri_session(const HttpResult& result);
// One word of plain text: a token, or the name of a role.
using WordResult = std::variant<Secret, SessionProblem>;
WordResult read_metadata_token(const HttpResult& result);
WordResult read_metadata_role(const HttpResult& result);

}  // namespace taskwatchd
