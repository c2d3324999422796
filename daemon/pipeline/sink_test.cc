#include "pipeline/sink_test.h"

#include <utility>

#include "notify/answer_text.h"
#include "notify/chat_request.h"
#include "pipeline/sink_access.h"

namespace taskwatchd {
namespace {

HttpRequest sample_request(const SinkConfig& config, const NotifyContext& context,
                           const SinkAccess& access, bool recovered, bool mention, Wall now) {
  HttpRequest request;
  if (is_chat(config.format)) {
    const Secret key = access.keys.empty() ? Secret() : access.keys.front();
    const ChatMessage message =
        sample_message(recovered, mention, now, context.style_of(config, now));
    request = chat_request(config, access.url, key, message, now);
  } else {
    const Event event = sample_event(recovered, now);
    request = program_request(config, context.source, access, {&event}, EventMark::kTest, now);
  }
  limit_sink_request(request, config);
  return request;
}

}  // namespace

Awaitable<std::vector<SinkTestMessage>> test_sink(HttpClient& http, Clock& clock,
                                                  LocalSecrets& files, SinkConfig config,
                                                  const NotifyContext& context, bool mention) {
  std::vector<SinkTestMessage> messages;
  const auto read = read_sink_access(files, config);
  if (const auto* const problem = std::get_if<std::string>(&read)) {
    const DeliveryAnswer unreadable{.reason = *problem, .code = "configuration"};
    messages.push_back({"failure", unreadable, ""});
    co_return messages;
  }
  const SinkAccess& access = std::get<SinkAccess>(read);
  for (const bool recovered : {false, true}) {
    const Now now = clock.now();
    if (is_chat(config.format)) {
      const auto pace = context.paces->of(access.url.reveal());
      pace->on_request(now.mono, config.max_per_minute);
    }
    HttpRequest request = sample_request(config, context, access, recovered, mention, now.wall);
    const HttpResult result = co_await http.send(std::move(request));
    SinkTestMessage& message = messages.emplace_back();
    message.what = recovered ? "recovery" : "failure";
    message.result = judge_delivery(config.format, result, clock.now().wall);
    if (const auto* const reply = std::get_if<HttpReply>(&result)) {
      message.answer = answer_text(reply->body);
    }
    if (message.result.verdict != DeliveryVerdict::kTaken) break;
  }
  co_return messages;
}

}  // namespace taskwatchd
