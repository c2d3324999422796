#include "cloud/envelope.h"

#include <algorithm>

#include "cloud/error_xml.h"
#include "cloud/members.h"
#include "cloud/reply.h"
#include "core/events/device_text.h"
#include "core/events/redact.h"
#include "core/types/ascii.h"

namespace taskwatchd {
namespace {

using simdjson::dom::element;

constexpr std::size_t kMessageLimit = 256;  // bytes
constexpr std::size_t kShownBody = 160;     // bytes of an unrecognized body that are shown

// Makes a text of the server printable and redacts it: the gateway's message about a wrong
// signature quotes the whole request.
std::string for_people(std::string_view text) {
  return cut(escape_controls(redact(repair_utf8(text))), kMessageLimit);
}

// A code becomes the value of a metric label and of an event field. So only words such as
// "iot.system.SystemException" or "460" are accepted as codes.
std::string checked_code(std::string_view text) {
  constexpr std::size_t kCodeLimit = 128;  // bytes
  const bool sane = text.size() <= kCodeLimit && std::all_of(text.begin(), text.end(), [](char c) {
                      return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                             (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' || c == ':';
                    });
  return sane ? std::string(text) : std::string();
}

std::string scalar(const std::optional<element>& value) {
  if (!value) return {};
  std::string_view text;
  if (value->get_string().get(text) == simdjson::SUCCESS) return std::string(text);
  return value->is_int64() || value->is_uint64() ? simdjson::minify(*value) : std::string();
}

std::string first_of(Members& members, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (std::string text = scalar(members.find(name)); !text.empty()) return text;
  }
  return {};
}

// The members of an error response, whatever its format.
struct Said {
  std::string code;
  std::string message;
  std::string request_id;
};

Failure refused(const HttpReply& reply, const Said& said) {
  Failure failure;
  failure.http_status = reply.status;
  failure.code = checked_code(said.code);
  failure.reason = classify(failure.code, reply.status);
  failure.request_id = for_people(said.request_id);
  failure.retry_after = retry_after(reply);
  failure.message = failure.code.empty() ? "HTTP " + std::to_string(reply.status) : failure.code;
  if (!said.message.empty()) failure.message += ": " + for_people(said.message);
  failure.message = cut(std::move(failure.message), kMessageLimit);
  // Current Alibaba Cloud SDKs treat this header as throttling whatever the code is. We do so only
  // if the code gives no better reason.
  const bool told_to_wait = reply.status >= 400 && failure.retry_after.has_value() &&
                            reply.header("x-acs-retry-after") != nullptr;
  const bool vague = failure.reason == Reason::kBadRequest || failure.reason == Reason::kProtocol;
  if (told_to_wait && vague) failure.reason = Reason::kThrottled;
  failure.maybe_not_found =
      failure.reason == Reason::kBadRequest && is_undocumented_iot_code(failure.code);
  failure.wants_get = is_word(failure.code, "unsupportedhttpmethod");
  return failure;
}

// The body is not the JSON we know: an XML error, a page of a proxy, or a truncated response.
Failure unreadable(const HttpReply& reply, std::string_view why) {
  if (const auto error = read_xml_error(reply.body)) {
    return refused(reply, {error->code, error->message, error->request_id});
  }
  Failure failure = refused(reply, {});
  failure.message = "HTTP " + std::to_string(reply.status) + ", " + std::string(why);
  if (!reply.body.empty()) {
    failure.message += ": " + for_people(std::string_view(reply.body).substr(0, kShownBody));
  }
  failure.message = cut(std::move(failure.message), kMessageLimit);
  return failure;
}

Failure no_reply(const TransportFailure& transport) {
  Failure failure;
  switch (transport.kind) {
    case TransportFailure::Kind::kTimeout:
      failure.reason = Reason::kTimeout;
      break;
    case TransportFailure::Kind::kUnreachable:
      failure.reason = Reason::kUnreachable;
      break;
    case TransportFailure::Kind::kTls:
      failure.reason = Reason::kTls;
      break;
    case TransportFailure::Kind::kTooLarge:
    case TransportFailure::Kind::kProtocol:
      failure.reason = Reason::kProtocol;
      break;
  }
  failure.message = for_people(transport.message);
  return failure;
}

enum class Success { kTrue, kFalse, kMissing, kUnreadable };

// A boolean, or a string that spells one.
Success read_success(Members& members) {
  const std::optional<element> value = members.find("Success");
  if (!value) return Success::kMissing;
  bool flag = false;
  if (value->get_bool().get(flag) == simdjson::SUCCESS) {
    return flag ? Success::kTrue : Success::kFalse;
  }
  const std::string word = scalar(value);
  if (word == "true") return Success::kTrue;
  return word == "false" ? Success::kFalse : Success::kUnreadable;
}

Said read_said(Members& members) {
  Said said;
  said.code = first_of(members, {"Code", "code"});
  said.message =
      first_of(members, {"ErrorMessage", "Message", "message", "Description", "description"});
  said.request_id = first_of(members, {"RequestId", "requestId"});
  const std::optional<element> data = members.find("Data");
  simdjson::dom::object inner;
  if (said.code.empty() && data && data->get_object().get(inner) == simdjson::SUCCESS) {
    Members nested(inner);
    said.code = first_of(nested, {"Code", "code"});
    if (said.message.empty()) said.message = first_of(nested, {"ErrorMessage", "Message"});
  }
  return said;
}

}  // namespace

Failure protocol_failure(const HttpReply& reply, const std::string& request_id,
                         std::string_view what) {
  Failure failure;
  failure.reason = Reason::kProtocol;
  failure.http_status = reply.status;
  failure.request_id = request_id;
  failure.message = for_people("not the documented response: " + std::string(what));
  failure.retry_after = retry_after(reply);
  return failure;
}

std::variant<Envelope, Failure> read_envelope(const HttpResult& result,
                                              simdjson::dom::parser& parser) {
  if (const auto* transport = std::get_if<TransportFailure>(&result)) return no_reply(*transport);
  const HttpReply& reply = std::get<HttpReply>(result);
  if (reply.body.empty()) return unreadable(reply, "empty body");
  if (reply.body.size() > kReplyLimit) return unreadable(reply, "body too large");
  simdjson::dom::object object;
  // JSON sent over a network has no byte order mark (RFC 8259, section 8.1); only newer releases of
  // simdjson skip one.
  if (reply.body.starts_with("\xEF\xBB\xBF") ||
      parser.allocate(reply.body.size(), kReplyDepth) != simdjson::SUCCESS ||
      parser.parse(reply.body).get_object().get(object) != simdjson::SUCCESS) {
    return unreadable(reply, "not a JSON object");
  }
  Members members(object);
  const Said said = read_said(members);
  const Success success = read_success(members);
  if (!members.error().empty()) {
    // Two Code or two Success members: another parser could use the other one and see a different
    // response.
    return protocol_failure(reply, {}, members.error());
  }
  const bool accepted = reply.status >= 200 && reply.status <= 299;
  if (accepted && success == Success::kTrue) return Envelope{object, for_people(said.request_id)};
  Failure failure = refused(reply, said);
  // "Code" alone is not an error: some successful responses have the Code "success". Only codes
  // with a meaning count.
  const bool meaningless =
      failure.reason == Reason::kBadRequest && !is_undocumented_iot_code(failure.code);
  if (accepted && success != Success::kFalse && meaningless) {
    return protocol_failure(
        reply, failure.request_id,
        success == Success::kMissing ? "Success is missing" : "Success is not a boolean");
  }
  return failure;
}

}  // namespace taskwatchd
