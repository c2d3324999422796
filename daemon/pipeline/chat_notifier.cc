#include "pipeline/chat_notifier.h"

#include <algorithm>
#include <variant>

#include "cloud/signer.h"
#include "notify/chat_mute.h"
#include "notify/chat_request.h"
#include "notify/delivery_retry.h"
#include "notify/event_filter.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kChatEventsRead = 256;  // events at once
constexpr Duration kIdle = std::chrono::hours(1);
constexpr Duration kDay = std::chrono::hours(24);
constexpr std::size_t kMaxUnstored = 8;  // the oldest go first

}  // namespace

ChatNotifier::ChatNotifier(Ports ports, Recorder& recorder, LocalSecrets& files,
                           const SinkConfig& config, NotifyContext context)
    : ports_(ports),
      recorder_(recorder),
      link_(ports, files, config),
      reader_(ports, recorder, config.name, config.give_up),
      context_(std::move(context)) {}

Awaitable<void> ChatNotifier::run(std::shared_ptr<Notifier> self) {
  (void)self;  // kept alive until this returns: nothing outlives it
  const auto begun = co_await reader_.begin();
  if (!begun) co_return;
  ChatState state = chat_state_from_json(begun->memory).value_or(ChatState{});
  state.cursor = begun->event_id;
  link_.restore(begun->last_success);
  merge_.emplace(ChatPolicy{link_.config().from, link_.config().mention.from}, state);
  heartbeat_at_ = heartbeat_after(ports_.clock.now().wall);
  while (!reader_.stopping()) {
    merge_->set_mutes(mutes_of(context_.mutes(), link_.config().name));
    if (reader_.has_more()) {
      co_await read();
      if (reader_.has_more() && !reader_.store_fails()) continue;
    }
    const Now now = ports_.clock.now();
    const Mono in_budget = pace().next_at();  // it reads the sink's files, which may fail
    const Mono may_send = std::max(in_budget, link_.ready_at());
    if (now.mono < may_send) {
      co_await reader_.wait_until(may_send);
      continue;
    }
    if (co_await send_next(now) || reader_.has_more()) continue;
    // What the merge passed over without a message.
    waiting_.erase(waiting_.begin(), waiting_.upper_bound(merge_->cursor()));
    save(false);
    Duration wait = kIdle;
    const auto by = [&](std::optional<Wall> at) {
      if (at) wait = std::min<Duration>(wait, *at - now.wall);
    };
    by(ask_at_);
    by(heartbeat_at_);
    for (const Mute& one : context_.mutes()) by(one.until);
    co_await reader_.wait_until(now.mono + std::max(wait, Duration::zero()));
  }
  save(true);
}

// Sends what is due first. Returns false, and sets ask_at_, if nothing is.
Awaitable<bool> ChatNotifier::send_next(Now now) {
  if (!unstored_.empty()) {
    co_await send_unstored();
    co_return true;
  }
  if (heartbeat_at_ && *heartbeat_at_ <= now.wall) {
    co_await send_heartbeat();
    co_return true;
  }
  ChatNext next = merge_->next(now.wall, context_.counts_of);
  ask_at_ = next.ask_at;
  if (next.has_message()) {
    co_await send(message_of(std::move(next)));
    co_return true;
  }
  if (!replay_) co_return false;
  co_await send_replay();
  co_return true;
}

// Adds the next events to the merge. What is too old is not reported any more.
Awaitable<void> ChatNotifier::read() {
  const std::vector<Event> events = co_await reader_.next(kChatEventsRead);
  const Wall now = ports_.clock.now().wall;
  const std::vector<Mute> mutes = mutes_of(context_.mutes(), link_.config().name);
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
      // What a mute covers is not late: nobody is to be notified of it now.
      const bool is_covered = std::any_of(mutes.begin(), mutes.end(),
                                          [&](const Mute& one) { return covers(one, event); });
      if (event.name != "task_details" && !is_covered) waiting_.emplace(event.id, event.ts);
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
  const double limit = link_.config().max_per_minute;
  const std::shared_ptr<ChatPace> used = pace_;
  used->on_request(ports_.clock.now().mono, limit);
  const DeliveryVerdict verdict = co_await link_.send(make);
  used->on_request(ports_.clock.now().mono, limit);
  co_return verdict;
}

Awaitable<bool> ChatNotifier::post_to_end(const ChatMessage& message) {
  const DeliveryVerdict verdict = co_await post(message);
  if (verdict == DeliveryVerdict::kSinkFault) co_return false;
  if (verdict == DeliveryVerdict::kEventFault && !is_rejected_for_good(++rejections_)) {
    const Duration wait = retry_wait(rejections_, link_.random01(), std::nullopt);
    pace_->wait_until(ports_.clock.now().mono + wait);
    co_return false;
  }
  rejected_ = verdict == DeliveryVerdict::kEventFault;
  rejections_ = 0;
  co_return true;
}

Awaitable<void> ChatNotifier::send(ChatMessage message) {
  if (!co_await post_to_end(message)) co_return;
  merge_->on_sent(ports_.clock.now().wall);
  const std::uint64_t covered = merge_->cursor();
  const auto end = waiting_.upper_bound(covered);
  if (rejected_) {
    link_.drop("rejected", 1, covered, covered);
  } else {
    for (auto at = waiting_.begin(); at != end; ++at) link_.delivered(at->second);
  }
  waiting_.erase(waiting_.begin(), end);
  save(true);  // soon: after a crash it is sent again otherwise
}

Awaitable<void> ChatNotifier::send_heartbeat() {
  // One line, however many days the clock was set forward.
  heartbeat_at_ = heartbeat_after(ports_.clock.now().wall);
  if (is_muted()) co_return;
  const ChatMessage message = heartbeat_message(context_.heartbeat(), style());
  co_await post(message);  // if it fails, the next one comes tomorrow
}

Awaitable<void> ChatNotifier::send_unstored() {
  const Event event = unstored_.front();
  const ChatMessage message = event_message(event, style());
  const bool ended = is_muted() || co_await post_to_end(message);
  // Meanwhile it may have been removed for newer ones.
  if (ended && !unstored_.empty() && unstored_.front().ts == event.ts) unstored_.pop_front();
}

// Reads the events of the replay again at each try: they may be many, and are not kept meanwhile.
Awaitable<void> ChatNotifier::send_replay() {
  const Replay replay = *replay_;
  SinkReader reader(ports_, recorder_, link_.config().name, replay.range);
  co_await reader.begin();
  ChatKept kept;
  while (!reader.at_end() && !reader_.stopping()) {
    for (const Event& event : co_await reader.next(kChatEventsRead)) {
      if (event.ts >= replay.since && accepts(link_.config(), event)) keep(kept, event);
    }
    if (reader.store_fails()) co_return;  // from its beginning, later
  }
  if (reader_.stopping()) co_return;
  if (!kept.empty()) {
    const ChatDigest digest = digest_of(kept, ChatDigest::Reason::kReplayed, context_.counts_of);
    const ChatMessage message = digest_message(digest, style());
    if (!co_await post_to_end(message)) co_return;
  }
  replay_.reset();
}

void ChatNotifier::report(const Event& event) {
  if (!accepts(link_.config(), event)) return;
  if (unstored_.size() == kMaxUnstored) unstored_.pop_front();
  unstored_.push_back(event);
  reader_.ring();
}

bool ChatNotifier::replay(const ReplayRange& range, Wall since) {
  if (replay_) return false;
  replay_ = Replay{range, since};
  reader_.ring();
  return true;
}

// The budget of the robot's URL, which a file may change.
ChatPace& ChatNotifier::pace() {
  if (const std::string& url = link_.url(); !url.empty()) pace_ = context_.paces->of(url);
  return *pace_;
}

bool ChatNotifier::is_muted() const {
  const std::vector<Mute> mutes = mutes_of(context_.mutes(), link_.config().name);
  return std::any_of(mutes.begin(), mutes.end(), &covers_all);
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
  return context_.style_of(link_.config(), ports_.clock.now().wall);
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
  reader_.save(state.cursor, to_json(state), link_.status().last_success, at_once);
}

void ChatNotifier::on_test_taken() {
  link_.restore(ports_.clock.now().wall);
  if (merge_) save(true);
}

SinkStatus ChatNotifier::status() const {
  SinkStatus status = link_.status();
  status.cursor = merge_ ? merge_->cursor() : reader_.through();
  status.pending = reader_.last_id() - std::min(reader_.last_id(), status.cursor);
  if (!waiting_.empty()) status.oldest_pending = waiting_.begin()->second;
  status.replaying = replay_ ? 1 : 0;
  status.muted = is_muted();
  return status;
}

}  // namespace taskwatchd
