#include "server/notify_answers.h"

#include <algorithm>
#include <optional>

#include "config/duration.h"
#include "core/events/json.h"
#include "core/types/lease.h"
#include "server/api_parameters.h"
#include "view/notify_json.h"

namespace taskwatchd {
namespace {

constexpr Duration kLongestMute = std::chrono::hours(24 * 30);
constexpr std::size_t kCommentBytes = 256;

std::string actor(const ApiQuestion& question) {
  return question.user.empty() ? question.address : question.user + " from " + question.address;
}

ApiReply wrong(const std::string& parameter, const std::string& remedy) {
  return bad_data(400, "parameter " + parameter + ": " + remedy);
}

ApiReply unavailable(const StoreError& error) {
  return {
      503, {}, "unavailable", "the state database cannot be written; try again: " + error.message};
}

// A time, or a duration before now.
std::optional<Wall> read_since(const std::string& text, Wall now) {
  if (const auto at = parse_utc(text)) return at;
  const auto span = parse_duration(text);
  if (!span) return std::nullopt;
  return now - std::chrono::floor<std::chrono::milliseconds>(*span);
}

}  // namespace

std::string test_json(const std::vector<SinkTestMessage>& messages) {
  std::vector<std::string> all;
  for (const SinkTestMessage& one : messages) {
    JsonObject json;
    json.add("message", one.what).add("code", one.result.code);
    json.add("taken", one.result.verdict == DeliveryVerdict::kTaken);
    json.add_if("reason", one.result.reason).add_if("answer", one.answer);
    all.push_back(json.text());
  }
  return JsonObject().add_json("messages", json_list(all)).text();
}

void NotifyAnswers::log_action(const ApiQuestion& question, const std::string& action,
                               const std::string& what, std::vector<Field> fields) {
  std::vector<Field> all = {{"action", action}, {"address", question.address}};
  if (!question.user.empty()) all.push_back({"user", question.user});
  std::move(fields.begin(), fields.end(), std::back_inserter(all));
  log_.write_event(clock_.now().wall, Level::kInfo, "admin_action",
                   what + ", requested by " + actor(question), std::move(all));
}

std::optional<ApiReply> NotifyAnswers::not_here(const std::string& sink) const {
  if (sinks_.find(sink) == nullptr) {
    std::string names;
    for (const SinkConfig& one : sinks_.configured()) {
      names += (names.empty() ? "the sinks are " : ", ") + one.name;
    }
    if (names.empty()) names = "`notify` lists none";
    return ApiReply{404, {}, "not_found", "no sink has this name; " + names};
  }
  if (sinks_.runs_here(sink)) return std::nullopt;
  if (auto reply = elsewhere_.of_account(sink_lease(sink))) return reply;
  return ApiReply{503, {}, "unavailable", "the sink is not running yet; try again"};
}

ApiReply NotifyAnswers::mutes() const {
  return {200, JsonObject().add_json("mutes", mutes_json(mutes_.active())).text()};
}

Awaitable<ApiReply> NotifyAnswers::test(ApiQuestion question) {
  const std::string mention = question.parameter("mention");
  if (!mention.empty() && mention != "true" && mention != "false") {
    co_return wrong("mention", "set true or false");
  }
  if (auto reply = not_here(question.id)) co_return *std::move(reply);
  log_action(question, "notify_test", "test messages are sent to sink " + question.id,
             {{"sink", question.id}});
  const auto messages = co_await sinks_.test(question.id, mention == "true");
  co_return ApiReply{200, test_json(messages)};
}

Awaitable<ApiReply> NotifyAnswers::replay(ApiQuestion question) {
  const Wall now = clock_.now().wall;
  const std::optional<Wall> since = read_since(question.parameter("since"), now);
  if (!since) {
    co_return wrong("since",
                    "set a time in UTC such as 2026-11-22T01:02:03Z, or a duration such "
                    "as 2h");
  }
  if (auto reply = not_here(question.id)) co_return *std::move(reply);
  const Duration give_up = sinks_.find(question.id)->give_up;
  if (*since > now || now - *since > give_up) {
    co_return wrong("since", "set a time within the last " + format_duration(give_up) +
                                 ": that is `give_up` of this sink");
  }
  if (const auto problem = co_await sinks_.replay(question.id, *since)) {
    co_return ApiReply{503, {}, "unavailable", *problem};
  }
  log_action(question, "notify_replay",
             "events since " + rfc3339(*since) + " are sent to sink " + question.id + " again",
             {{"sink", question.id}, {"since", rfc3339(*since)}});
  co_return ApiReply{200, JsonObject().add("since", rfc3339(*since)).text()};
}

std::variant<Mute, ApiReply> NotifyAnswers::read_mute(const ApiQuestion& question) const {
  Mute mute;
  mute.sink = question.parameter("sink");
  mute.account = question.parameter("account");
  mute.job = question.parameter("job");
  mute.comment = question.parameter("comment");
  const SinkConfig* const sink = sinks_.find(mute.sink);
  if (!mute.sink.empty() && (sink == nullptr || !is_chat(sink->format))) {
    std::string names;
    for (const SinkConfig& one : sinks_.configured()) {
      if (is_chat(one.format)) names += (names.empty() ? "" : ", ") + one.name;
    }
    return wrong("sink", names.empty() ? "only chats can be muted, and `notify` lists none"
                                       : "set the name of a chat: " + names);
  }
  const auto& accounts = fleet_.config().accounts;
  if (!mute.account.empty() &&
      std::none_of(accounts.begin(), accounts.end(),
                   [&](const AccountConfig& one) { return one.name == mute.account; })) {
    return wrong("account", "set the name of a configured account");
  }
  const auto span = parse_duration(question.parameter("for"));
  if (!span || *span <= Duration::zero() || *span > kLongestMute) {
    return wrong("for", "set a duration such as 2h, at most " + format_duration(kLongestMute));
  }
  const bool is_printable = std::none_of(mute.comment.begin(), mute.comment.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (mute.comment.empty() || mute.comment.size() > kCommentBytes || !is_printable) {
    return wrong("comment", "set the reason: 1 to " + std::to_string(kCommentBytes) +
                                " bytes without control characters");
  }
  mute.created = clock_.now().wall;
  mute.until = mute.created + std::chrono::floor<std::chrono::milliseconds>(*span);
  mute.created_by = actor(question);
  return mute;
}

Awaitable<ApiReply> NotifyAnswers::mute(ApiQuestion question) {
  ApiParameters parameters(question);
  parameters.text("job");  // at most 128 bytes
  if (parameters.wrong()) co_return *parameters.wrong();
  auto read = read_mute(question);
  if (auto* const reply = std::get_if<ApiReply>(&read)) co_return std::move(*reply);
  Mute wanted = std::get<Mute>(std::move(read));
  auto stored = co_await mutes_.add(std::move(wanted));
  if (const auto* const error = std::get_if<StoreError>(&stored)) co_return unavailable(*error);
  const Mute& mute = std::get<Mute>(stored);
  std::string what = mute.sink.empty() ? "all chats are muted" : "sink " + mute.sink + " is muted";
  if (!mute.account.empty()) what += " for account " + mute.account;
  if (!mute.job.empty()) what += " for jobs " + mute.job;
  log_action(question, "mute", what + " until " + rfc3339(mute.until),
             {{"mute", mute.id},
              {"sink", mute.sink},
              {"account", mute.account},
              {"job", mute.job},
              {"until", rfc3339(mute.until)},
              {"comment", mute.comment}});
  co_return ApiReply{200, mute_json(mute)};
}

Awaitable<ApiReply> NotifyAnswers::unmute(ApiQuestion question) {
  auto ended = co_await mutes_.end(question.id);
  if (const auto* const error = std::get_if<StoreError>(&ended)) co_return unavailable(*error);
  const auto& mute = std::get<std::optional<Mute>>(ended);
  if (!mute) {
    co_return ApiReply{404, {}, "not_found", "no active mute has this id; see `taskwatchd mutes`"};
  }
  log_action(question, "unmute", "mute " + mute->id + " ended", {{"mute", mute->id}});
  co_return ApiReply{200, mute_json(*mute)};
}

}  // namespace taskwatchd
