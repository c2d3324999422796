#include "notify/delivery_answer.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "cloud/reply.h"
#include "core/events/device_text.h"
#include "core/events/redact.h"
#include "core/types/trim.h"
#include "notify/answer_text.h"
#include "notify/service_code.h"

namespace taskwatchd {
namespace {

constexpr Duration kLongestPause = std::chrono::hours(1);
constexpr std::size_t kMaxAnswerBytes = 65536;  // as the client reads at most
constexpr std::size_t kMaxAnswerDepth = 16;
constexpr std::size_t kMaxReasonBytes = 512;

// Statuses with a label of their own; the others share 1xx to 5xx.
constexpr std::array kKnownStatuses = {200, 201, 202, 204, 301, 302, 303, 307, 308,
                                       400, 401, 403, 404, 405, 407, 408, 410, 411,
                                       413, 415, 422, 429, 500, 501, 502, 503, 504};

std::string status_label(int status) {
  if (std::find(kKnownStatuses.begin(), kKnownStatuses.end(), status) != kKnownStatuses.end()) {
    return std::to_string(status);
  }
  return status >= 100 && status <= 599 ? std::to_string(status / 100) + "xx" : "other";
}

// Seconds, or a date (RFC 9110, section 10.2.3). A time in the past is no pause.
std::optional<Duration> asked_pause(const HttpReply& reply, Wall now) {
  const std::string* const header = reply.header("retry-after");
  if (header == nullptr) return std::nullopt;
  const std::string_view text = trim(*header);
  if (const auto date = parse_http_date(text)) {
    if (*date <= now) return std::nullopt;
    return *date - now >= kLongestPause ? kLongestPause : Duration(*date - now);
  }
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() ||
      count >= std::chrono::floor<std::chrono::seconds>(kLongestPause).count()) {
    return kLongestPause;
  }
  return count == 0 ? std::nullopt : std::optional<Duration>(std::chrono::seconds(count));
}

// Members of an answer's JSON object.
struct AnswerBody {
  std::optional<std::int64_t> code;
  std::string message;
  std::uint64_t rejected_records = 0;
};

std::string text_member(simdjson::dom::object object, const char* key) {
  std::string_view text;
  return object[key].get_string().get(text) == simdjson::SUCCESS ? std::string(text) : "";
}

std::optional<std::int64_t> code_member(simdjson::dom::object object, const char* key) {
  std::int64_t code = 0;
  if (object[key].get_int64().get(code) != simdjson::SUCCESS) return std::nullopt;
  return code;
}

// Protocol buffers write a 64-bit integer as a text in JSON; some collectors write a number.
std::uint64_t rejected_of(simdjson::dom::object partial) {
  std::uint64_t count = 0;
  if (partial["rejectedLogRecords"].get_uint64().get(count) == simdjson::SUCCESS) return count;
  const std::string text = text_member(partial, "rejectedLogRecords");
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

// Nullopt if the body is not a complete JSON object.
std::optional<AnswerBody> read_answer(SinkFormat format, std::string_view text) {
  if (text.size() > kMaxAnswerBytes) return std::nullopt;
  simdjson::dom::parser parser(kMaxAnswerBytes);
  simdjson::dom::object object;
  if (parser.allocate(kMaxAnswerBytes, kMaxAnswerDepth) != simdjson::SUCCESS ||
      parser.parse(text.data(), text.size()).get_object().get(object) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  AnswerBody body;
  switch (format) {
    case SinkFormat::kDingTalk:
    case SinkFormat::kWeCom:
      body.code = code_member(object, "errcode");
      body.message = text_member(object, "errmsg");
      break;
    case SinkFormat::kFeishu:
      // An older form has StatusCode and StatusMessage.
      body.code = code_member(object, "code");
      body.message = text_member(object, "msg");
      if (!body.code) {
        body.code = code_member(object, "StatusCode");
        body.message = text_member(object, "StatusMessage");
      }
      break;
    default: {
      body.message = text_member(object, "message");
      simdjson::dom::object partial;
      if (object["partialSuccess"].get_object().get(partial) == simdjson::SUCCESS) {
        body.rejected_records = rejected_of(partial);
        body.message = text_member(partial, "errorMessage");
      }
    }
  }
  return body;
}

void set_reason(DeliveryAnswer& answer, std::string reason) {
  answer.reason = cut(std::move(reason), kMaxReasonBytes);
}

// Of the HTTP client: it contains no URL.
std::string failure_text(std::string_view message) {
  constexpr std::size_t kLimit = 160;  // bytes
  return cut(escape_controls(redact(repair_utf8(message))), kLimit);
}

std::string quoted_message(std::string_view message) {
  const std::string text = answer_text(message);
  return text.empty() ? "" : " (" + text + ")";
}

// What to do about a status that the format's own codes do not explain.
std::string_view status_remedy(int status, bool chat) {
  if (status >= 300 && status < 400) return "redirects are not followed; set the final URL";
  switch (status) {
    case 401:
    case 403:
      return chat ? "check the URL in `url_file`" : "check `headers_file` and `secret_file`";
    case 404:
    case 405:
    case 410:
      return chat ? "check the URL in `url_file`" : "check `url` or `url_file`";
    case 407:
      return "the proxy requires authentication; set `proxy` to one that does not";
    case 413:
      return "the message is too long for the receiver";
    default:
      return {};
  }
}

void judge_status(SinkFormat format, const HttpReply& reply, std::string_view message,
                  DeliveryAnswer& answer) {
  const int status = reply.status;
  const bool is_event_fault = status == 400 || status == 413 || status == 415 || status == 422;
  answer.verdict = is_event_fault ? DeliveryVerdict::kEventFault : DeliveryVerdict::kSinkFault;
  std::string reason = std::string(service_name(format)) + " answered HTTP " +
                       std::to_string(status) + quoted_message(message);
  const std::string_view remedy = status_remedy(status, is_chat(format));
  if (!remedy.empty()) reason += ": " + std::string(remedy);
  set_reason(answer, std::move(reason));
}

// REQUIRES: body.code.
void judge_code(SinkFormat format, const AnswerBody& body, DeliveryAnswer& answer) {
  const ServiceCode* const known = find_service_code(format, *body.code);
  std::string_view remedy;
  answer.code = known == nullptr ? "other" : std::to_string(*body.code);
  if (known != nullptr) {
    answer.verdict = known->verdict;
    remedy = known->remedy;
    if (known->pause > Duration(0)) {
      answer.pause = std::max(known->pause, answer.pause.value_or(Duration(0)));
    }
    if (format == SinkFormat::kDingTalk && *body.code == 310000) {
      const std::string_view check = dingtalk_check_remedy(body.message);
      if (!check.empty()) remedy = check;
    }
  }
  std::string reason = std::string(service_name(format)) + " answered " +
                       std::to_string(*body.code) + quoted_message(body.message);
  if (!remedy.empty()) reason += ": " + std::string(remedy);
  set_reason(answer, std::move(reason));
}

bool is_success(int status) {
  return status >= 200 && status < 300;
}

void judge_robot(SinkFormat format, const HttpReply& reply, DeliveryAnswer& answer) {
  const auto body = read_answer(format, reply.body);
  const bool has_code = body && body->code;
  if (is_success(reply.status)) {
    if (!has_code) {
      answer.code = "unreadable";
      set_reason(answer, std::string(service_name(format)) + " answered HTTP " +
                             std::to_string(reply.status) +
                             " without its code: check the URL in `url_file`, and `proxy`");
    } else if (*body->code == 0) {
      answer.verdict = DeliveryVerdict::kTaken;
    } else {
      judge_code(format, *body, answer);
    }
  } else if (has_code && find_service_code(format, *body->code) != nullptr) {
    judge_code(format, *body, answer);
  } else {
    judge_status(format, reply, has_code ? body->message : std::string(), answer);
  }
}

void judge_slack(const HttpReply& reply, DeliveryAnswer& answer) {
  // A word such as invalid_payload; anything else is a page of a proxy.
  const std::string_view word = trim(reply.body);
  const bool is_word = word.size() <= 40 && word.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") ==
                                                std::string_view::npos;
  if (!is_success(reply.status)) {
    judge_status(SinkFormat::kSlack, reply, is_word ? word : std::string_view(), answer);
  } else if (word == "ok") {
    answer.verdict = DeliveryVerdict::kTaken;
  } else {
    answer.code = "unreadable";
    set_reason(answer, "Slack answered HTTP " + std::to_string(reply.status) +
                           " without `ok`: check the URL in `url_file`, and `proxy`");
  }
}

void judge_program(SinkFormat format, const HttpReply& reply, DeliveryAnswer& answer) {
  const auto body =
      format == SinkFormat::kOtlp ? read_answer(format, reply.body) : std::optional<AnswerBody>();
  if (!is_success(reply.status)) {
    judge_status(format, reply, body ? body->message : reply.body, answer);
    return;
  }
  answer.verdict = DeliveryVerdict::kTaken;
  // By the specification, a partial success is not sent again.
  if (body && body->rejected_records > 0) {
    set_reason(answer, "the collector dropped " + std::to_string(body->rejected_records) +
                           " log records" + quoted_message(body->message));
  }
}

std::string_view failure_label(TransportFailure::Kind kind) {
  switch (kind) {
    case TransportFailure::Kind::kTimeout:
      return "timeout";
    case TransportFailure::Kind::kUnreachable:
      return "unreachable";
    case TransportFailure::Kind::kTls:
      return "tls";
    case TransportFailure::Kind::kTooLarge:
      return "too_large";
    case TransportFailure::Kind::kProtocol:
      return "protocol";
  }
  return "protocol";
}

}  // namespace

DeliveryAnswer judge_delivery(SinkFormat format, const HttpResult& result, Wall now) {
  DeliveryAnswer answer;
  if (const auto* failure = std::get_if<TransportFailure>(&result)) {
    answer.code = failure_label(failure->kind);
    set_reason(answer, "no answer from " + std::string(service_name(format)) + ": " +
                           failure_text(failure->message));
    return answer;
  }
  const HttpReply& reply = std::get<HttpReply>(result);
  answer.code = status_label(reply.status);
  if (!is_success(reply.status) || is_chat(format)) answer.pause = asked_pause(reply, now);
  switch (format) {
    case SinkFormat::kDingTalk:
    case SinkFormat::kFeishu:
    case SinkFormat::kWeCom:
      judge_robot(format, reply, answer);
      break;
    case SinkFormat::kSlack:
      judge_slack(reply, answer);
      break;
    case SinkFormat::kCloudEvents:
    case SinkFormat::kOtlp:
      judge_program(format, reply, answer);
      break;
  }
  if (answer.verdict == DeliveryVerdict::kTaken) answer.pause.reset();
  return answer;
}

}  // namespace taskwatchd
