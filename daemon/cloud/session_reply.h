// What hands out temporary keys answers: keys with an end, or why there are none. Trusts nothing.
// Problems begin with a verb ("returned HTTP 503"), to be put behind the source's name; nothing
// of a body gets into them but codes and request ids that look like such.
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
  std::optional<Wall> server_date;  // when it was given, by the giver's clock
};
struct SessionProblem {
  std::string message;
  std::optional<Wall> server_date;
  bool wrong_clock = false;  // it may work once more with the giver's time
};
using SessionResult = std::variant<Session, SessionProblem>;

// {"Credentials": {AccessKeyId, AccessKeySecret, SecurityToken, Expiration}}, or {Code, Message}.
SessionResult read_sts_reply(const HttpResult& result);
// {Code: "Success", AccessKeyId, AccessKeySecret, SecurityToken, Expiration}; of the metadata
// service.
SessionResult read_metadata_session(const HttpResult& result);
// The same of a credentials URI, where Code may be absent, null or empty: the official clients read
// the other four alone.
SessionResult read_uri_session(const HttpResult& result);
// One word of plain text: a token, or a role's name.
using WordResult = std::variant<Secret, SessionProblem>;
WordResult read_metadata_token(const HttpResult& result);
WordResult read_metadata_role(const HttpResult& result);

}  // namespace taskwatchd
