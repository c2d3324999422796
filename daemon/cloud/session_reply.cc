#include "cloud/session_reply.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "cloud/reply.h"
#include "cloud/session_request.h"
#include "config/ids.h"
#include "config/key_text.h"
#include "core/types/ascii.h"

namespace taskwatchd {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::size_t kMaxDepth = 16;
constexpr std::size_t kMaxTokenBytes = 16 * 1024;

SessionProblem problem(std::string message) {
  SessionProblem problem;
  problem.message = std::move(message);
  return problem;
}

// Used for codes and request ids only: any other text of a foreign server could contain anything,
// even what we sent.
std::string word(const object& from, std::string_view name) {
  std::string_view text;
  if (from.at_key(name).get_string().get(text) != simdjson::SUCCESS) return {};
  const bool sane = text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
                      return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                             (c >= '0' && c <= '9') || c == '.' || c == '-';
                    });
  return sane ? std::string(text) : std::string();
}

// Returns the problem if there is no response, or one that no credential server sends. Nullopt if
// the body is to be parsed.
std::optional<SessionProblem> not_a_reply(const HttpResult& result) {
  if (const auto* failure = std::get_if<TransportFailure>(&result)) {
    return problem("cannot be reached: " + failure->message);
  }
  const auto& reply = std::get<HttpReply>(result);
  if (reply.status >= 300 && reply.status < 400) {
    return problem("returned a redirect (HTTP " + std::to_string(reply.status) +
                   "), which is not followed");
  }
  if (reply.body.size() > kSessionReplyLimit) return problem("returned more than 64 KiB");
  return std::nullopt;
}

std::string http_words(const HttpReply& reply) {
  return "returned HTTP " + std::to_string(reply.status);
}

// Parses the object of a response; `parser` must outlive it.
std::variant<object, SessionProblem> read_object(const HttpResult& result,
                                                 simdjson::dom::parser& parser) {
  if (auto none = not_a_reply(result)) return *std::move(none);
  const auto& reply = std::get<HttpReply>(result);
  object whole;
  if (parser.allocate(reply.body.size() + 1, kMaxDepth) == simdjson::SUCCESS &&
      parser.parse(reply.body).get_object().get(whole) == simdjson::SUCCESS) {
    return whole;
  }
  const bool ok = reply.status >= 200 && reply.status < 300;
  return problem(ok ? "did not return JSON; does a proxy or another program respond in its place?"
                    : http_words(reply));
}

std::optional<Secret> key_of(const object& from, std::string_view name, std::size_t limit) {
  std::string_view text;
  if (from.at_key(name).get_string().get(text) != simdjson::SUCCESS || text.empty() ||
      text.size() > limit) {
    return std::nullopt;
  }
  // White space or a line break would get into a header.
  if (std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c >= 0x7F; })) {
    return std::nullopt;
  }
  return Secret(std::string(text));
}

// Like parse_utc, but also accepts an offset such as +08:00 in place of Z: local credential servers
// behind a URI write their time zone.
std::optional<Wall> parse_time(std::string_view text) {
  constexpr std::string_view kOffset = "+08:00";
  if (text.size() < kOffset.size()) return std::nullopt;
  const std::string_view offset = text.substr(text.size() - kOffset.size());
  const auto number = [&](std::size_t at) {
    int value = -1;
    const char* const end = offset.data() + at + 2;
    const auto read = std::from_chars(offset.data() + at, end, value);
    return read.ptr == end ? value : -1;
  };
  const int hours = number(1);
  const int minutes = number(4);
  if ((offset[0] != '+' && offset[0] != '-') || offset[3] != ':' || hours < 0 || hours > 14 ||
      minutes < 0 || minutes > 59) {
    return parse_utc(text);
  }
  const auto local = parse_utc(std::string(text.substr(0, text.size() - kOffset.size())) + 'Z');
  if (!local) return std::nullopt;
  const auto ahead = std::chrono::hours(hours) + std::chrono::minutes(minutes);
  return offset[0] == '+' ? *local - ahead : *local + ahead;
}

SessionResult read_keys(const object& from, const HttpReply& reply) {
  Session session;
  const auto id = key_of(from, "AccessKeyId", kMaxKeyBytes);
  auto secret = key_of(from, "AccessKeySecret", kMaxKeyBytes);
  auto token = key_of(from, "SecurityToken", kMaxTokenBytes);
  std::string_view until;
  const bool has_end = from.at_key("Expiration").get_string().get(until) == simdjson::SUCCESS;
  const auto expires = has_end ? parse_time(until) : std::nullopt;
  if (!id || !secret || !token) {
    return problem("returned no AccessKeyId, AccessKeySecret and SecurityToken");
  }
  if (!expires) return problem("returned no Expiration such as 2026-01-02T03:04:05Z");
  session.keys = {id->reveal(), *std::move(secret), *std::move(token)};
  session.expires = *expires;
  session.server_date = server_date(reply);
  return session;
}

bool has_no_code(const object& whole) {
  element code;
  if (whole.at_key("Code").get(code) != simdjson::SUCCESS || code.is_null()) return true;
  std::string_view text;
  return code.get_string().get(text) == simdjson::SUCCESS && text.empty();
}

SessionResult read_session(const HttpResult& result, bool code_is_optional) {
  simdjson::dom::parser parser;
  auto read = read_object(result, parser);
  if (auto* none = std::get_if<SessionProblem>(&read)) return std::move(*none);
  const auto& reply = std::get<HttpReply>(result);
  if (reply.status != 200) return problem(http_words(reply));
  const object& whole = std::get<object>(read);
  const std::string code = word(whole, "Code");
  if (code != "Success" && !(code_is_optional && has_no_code(whole))) {
    return problem(code.empty() ? "returned no Code" : "returned Code " + code);
  }
  return read_keys(whole, reply);
}

WordResult read_word(const HttpResult& result, std::size_t limit, std::string_view what) {
  if (auto none = not_a_reply(result)) return *std::move(none);
  const auto& reply = std::get<HttpReply>(result);
  if (reply.status != 200) return problem(http_words(reply));
  std::string_view text = reply.body;
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  const bool sane =
      !text.empty() && text.size() <= limit && std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c < 0x7F && c != '<' && c != '>' && c != '"';
      });
  if (!sane) {
    return problem("did not return " + std::string(what) +
                   "; does a proxy or another program respond in its place?");
  }
  return Secret(std::string(text));
}

std::string remedy_for(std::string_view code) {
  if (code.starts_with("NoPermission")) {
    return "; grant sts:AssumeRole to the source credentials, and add their owner to the role's "
           "trust policy (the root account cannot assume roles)";
  }
  if (code.starts_with("EntityNotExist")) return "; correct the role's ARN, or create the role";
  if (code.starts_with("InvalidAccessKeyId") || code == "SignatureDoesNotMatch" ||
      code.starts_with("InvalidSecurityToken")) {
    return "; correct the source credentials";
  }
  if (code.starts_with("AuthenticationFail.OIDCToken") ||
      code.starts_with("InvalidParameter.OIDC")) {
    return "; check the token file and the identity provider";
  }
  if (code.starts_with("InvalidParameter.DurationSeconds")) {
    return "; shorten the duration, or raise the role's maximum";
  }
  if (code.starts_with("InvalidTimeStamp")) return "; set the clock of this host (NTP)";
  return {};
}

}  // namespace

SessionResult read_sts_reply(const HttpResult& result) {
  simdjson::dom::parser parser;
  auto read = read_object(result, parser);
  if (auto* none = std::get_if<SessionProblem>(&read)) return std::move(*none);
  const object& whole = std::get<object>(read);
  const auto& reply = std::get<HttpReply>(result);
  object credentials;
  if (reply.status == 200 &&
      whole.at_key("Credentials").get_object().get(credentials) == simdjson::SUCCESS) {
    return read_keys(credentials, reply);
  }
  const std::string code = word(whole, "Code");
  if (code.empty()) return problem(http_words(reply) + " without Credentials");
  const std::string id = word(whole, "RequestId");
  SessionProblem refusal = problem("returned error " + code +
                                   (id.empty() ? "" : " (request " + id + ")") + remedy_for(code));
  refusal.server_date = server_date(reply);
  refusal.wrong_clock = code.starts_with("InvalidTimeStamp") && refusal.server_date.has_value();
  return refusal;
}

SessionResult read_metadata_session(const HttpResult& result) {
  return read_session(result, false);
}

SessionResult read_uri_session(const HttpResult& result) {
  return read_session(result, true);
}

WordResult read_metadata_token(const HttpResult& result) {
  return read_word(result, kMaxKeyBytes, "a token");
}

WordResult read_metadata_role(const HttpResult& result) {
  WordResult role = read_word(result, kMaxKeyBytes, "a role name");
  const auto* name = std::get_if<Secret>(&role);
  if (name == nullptr || is_role_name(name->reveal())) return role;
  return problem("did not return a role name");
}

}  // namespace taskwatchd
