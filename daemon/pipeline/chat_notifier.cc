#include "pipeline/chat_notifier.h"

#include <algorithm>
#include <variant>

#include "cloud/signer.h"
#include "notify/chat_request.h"
#include "notify/delivery_retry.h"
#include "notify/event_filter.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kChatEventsRead = 256;  // events at once
constexpr Duration kIdle = std::chrono::hours(1);
constexpr Duration kDay = std::chrono::hours(24);

}  // namespace

ChatNotifier::ChatNotifier(Ports ports, Recorder& recorder, LocalSecrets& files,
                           const SinkConfig& config, ChatContext context)
    : ports_(ports),
      link_(ports, files, config),
      reader_(ports, recorder, config.name, config.give_up),
      context_(std::move(context)),
      pace_(config.max_per_minute) {}

Awaitable<void> ChatNotifier::run(std::shared_ptr<Notifier> self) {
  (void)self;  // kept alive until this returns: nothing outlives it
  const auto begun = co_await reader_.begin();
  if (!begun) co_return;
  ChatState state = chat_state_from_json(begun->memory).value_or(ChatState{});
  state.cursor = begun->event_id;
  merge_.emplace(ChatPolicy{link_.config().from, link_.config().mention.from}, state);
  heartbeat_at_ = heartbeat_after(ports_.clock.now().wall);
  while (!reader_.stopping()) {
    while (reader_.has_more() && !reader_.stopping()) co_await read();
    const Now now = ports_.clock.now();
    const Mono may_send = std::max(pace_.next_at(), link_.ready_at());
    if (now.mono < may_send) {
      co_await reader_.wait_until(may_send);
      continue;
    }
    if (heartbeat_at_ && *heartbeat_at_ <= now.wall) {
      co_await send_heartbeat(*heartbeat_at_);
      continue;
    }
    ChatNext next = merge_->next(now.wall, context_.counts_of);
    if (next.has_message()) {
      co_await send(message_of(std::move(next)));
      continue;
    }
    // What the merge passed over without a message.
    waiting_.erase(waiting_.begin(), waiting_.upper_bound(merge_->cursor()));
    save(false);
    Duration wait = kIdle;
    if (next.ask_at) wait = std::min<Duration>(wait, *next.ask_at - now.wall);
    if (heartbeat_at_) wait = std::min<Duration>(wait, *heartbeat_at_ - now.wall);
    co_await reader_.wait_until(now.mono + std::max(wait, Duration::zero()));
  }
  save(true);
}

// Adds the next events to the merge. What is too old is not reported any more.
Awaitable<void> ChatNotifier::read() {
  const std::vector<Event> events = co_await reader_.next(kChatEventsRead);
  const Wall now = ports_.clock.now().wall;
  std::size_t dropped = 0;
  std::uint64_t first = 0, last = 0;
  for (const Event& event : events) {
    const bool for_this = event.name == "task_details" || accepts(link_.config(), event);
    if (!for_this) {
      merge_->skip(event.id);
    } else if (is_too_old(event.ts, now, link_.config().give_up)) {
      merge_->skip(event.id);
      last = event.id;
      if (dropped++ == 0) first = last;
    } else {
      merge_->add(event);
      if (event.name != "task_details") waiting_.emplace(event.id, event.ts);
    }
  }
  if (events.empty()) merge_->skip(reader_.through());
  if (dropped > 0) link_.drop("too_old", dropped, first, last);
}

Awaitable<DeliveryVerdict> ChatNotifier::post(const ChatMessage& message) {
  const SinkLink::MakeRequest make = [this, &message](const SinkAccess& access, Wall now) {
    const Secret key = access.keys.empty() ? Secret() : access.keys.front();
    return chat_request(link_.config(), access.url, key, message, now);
  };
  const DeliveryVerdict verdict = co_await link_.send(make);
  pace_.on_request(ports_.clock.now().mono);
  co_return verdict;
}

Awaitable<void> ChatNotifier::send(ChatMessage message) {
  const DeliveryVerdict verdict = co_await post(message);
  const Now now = ports_.clock.now();
  if (verdict == DeliveryVerdict::kSinkFault) co_return;
  const bool taken = verdict == DeliveryVerdict::kTaken;
  if (!taken && !is_rejected_for_good(++rejections_)) {
    pace_.wait_until(now.mono + retry_wait(rejections_, link_.random01(), std::nullopt));
    co_return;
  }
  rejections_ = 0;
  merge_->on_sent(now.wall);
  const std::uint64_t covered = merge_->cursor();
  const auto end = waiting_.upper_bound(covered);
  if (taken) {
    for (auto at = waiting_.begin(); at != end; ++at) link_.delivered(at->second);
  } else {
    link_.drop("rejected", 1, covered, covered);
  }
  waiting_.erase(waiting_.begin(), end);
  save(true);  // soon: after a crash it is sent again otherwise
}

Awaitable<void> ChatNotifier::send_heartbeat(Wall due) {
  heartbeat_at_ = heartbeat_after(due);
  const ChatMessage message = heartbeat_message(context_.heartbeat(), style());
  co_await post(message);  // if it fails, the next one comes tomorrow
}

void ChatNotifier::add_links(JobNotice& notice) const {
  if (context_.external_url.empty()) return;
  notice.job_url = context_.external_url + "/#/job/" + percent_encode(notice.account) + "/" +
                   percent_encode(notice.job_id);
  if (notice.kind != JobNoticeKind::kFinished && notice.kind != JobNoticeKind::kRecovered) {
    notice.runbook_url = context_.external_url + "/runbooks/TaskwatchdTasksBad";
  }
}

ChatMessage ChatNotifier::message_of(ChatNext next) const {
  if (auto* const job = std::get_if<JobNotice>(&next.message)) {
    add_links(*job);
    return job_message(*job, style());
  }
  if (auto* const account = std::get_if<AccountNotice>(&next.message)) {
    account->url = context_.external_url;
    return account_message(*account, style());
  }
  if (const auto* const digest = std::get_if<ChatDigest>(&next.message)) {
    return digest_message(*digest, style());
  }
  const auto& events = std::get<ChatEvents>(next.message);
  return events_message(events.events, events.further.count, style());
}

ChatStyle ChatNotifier::style() const {
  const SinkConfig& config = link_.config();
  return {config.language, context_.utc_offset(config.time_zone, ports_.clock.now().wall)};
}

// A change of the offset, as in spring, may move one of them by an hour.
std::optional<Wall> ChatNotifier::heartbeat_after(Wall now) const {
  const SinkConfig& config = link_.config();
  if (!config.heartbeat) return std::nullopt;
  const auto offset = std::chrono::minutes(context_.utc_offset(config.time_zone, now));
  const Wall midnight = std::chrono::floor<std::chrono::days>(now + offset) - offset;
  Wall next = midnight + std::chrono::floor<std::chrono::milliseconds>(*config.heartbeat);
  while (next <= now) next += std::chrono::floor<std::chrono::milliseconds>(kDay);
  return next;
}

void ChatNotifier::save(bool at_once) {
  const ChatState state = merge_->state();
  reader_.save(state.cursor, to_json(state), at_once);
}

SinkStatus ChatNotifier::status() const {
  SinkStatus status = link_.status();
  status.pending = reader_.last_id() - std::min(reader_.last_id(), reader_.through());
  if (merge_) status.pending = reader_.last_id() - std::min(reader_.last_id(), merge_->cursor());
  return status;
}

}  // namespace taskwatchd
