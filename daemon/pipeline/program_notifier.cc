#include "pipeline/program_notifier.h"

#include <algorithm>

#include "notify/delivery_retry.h"
#include "notify/event_filter.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kWindow = 512;      // events in memory
constexpr std::size_t kEventsRead = 256;  // at once
constexpr std::size_t kInFlight = 8;      // requests of cloudevents
constexpr Duration kSaveEvery = std::chrono::hours(1);

}  // namespace

ProgramNotifier::ProgramNotifier(boost::asio::any_io_executor executor, Ports ports,
                                 Recorder& recorder, LocalSecrets& files, const SinkConfig& config,
                                 NotifyContext context)
    : executor_(std::move(executor)),
      ports_(ports),
      recorder_(recorder),
      link_(std::make_shared<SinkLink>(ports, files, config)),
      reader_(ports, recorder, config.name, config.give_up),
      context_(std::move(context)) {
  if (config.heartbeat) heartbeat_at_ = ports.clock.now().mono + *config.heartbeat;
}

ProgramNotifier::ProgramNotifier(const ProgramNotifier& whole, const ReplayRange& range, Wall since)
    : executor_(whole.executor_),
      ports_(whole.ports_),
      recorder_(whole.recorder_),
      link_(whole.link_),
      reader_(ports_, recorder_, link_->config().name, range),
      context_(whole.context_),
      mark_(EventMark::kReplayed),
      since_(since) {}

Awaitable<void> ProgramNotifier::run(std::shared_ptr<Notifier> self) {
  const auto begun = co_await reader_.begin();
  if (!begun) co_return;
  if (mark_ == EventMark::kNone) link_->restore(begun->last_success);
  window_.emplace(begun->event_id);
  while (!reader_.stopping() && !is_done()) {
    if (reader_.has_more() && window_->size() < kWindow) co_await fill();
    start(self);
    start_heartbeat(self);
    save(false);
    const Mono now = ports_.clock.now().mono;
    // A replay may have ended without a request: none of its events was for this sink.
    if (is_done() || (reader_.has_more() && window_->size() < kWindow)) continue;
    const bool waits = link_->ready_at() > now && window_->size() > window_->in_flight();
    const Mono wake = waits ? link_->ready_at() : now + kSaveEvery;
    co_await reader_.wait_until(std::min(wake, heartbeat_at_));
  }
}

bool ProgramNotifier::too_old(const Event& event) const {
  return is_too_old(event.ts, ports_.clock.now().wall, link_->config().give_up);
}

// Reads the next events and keeps those that are for this sink.
Awaitable<void> ProgramNotifier::fill() {
  std::vector<Event> events = co_await reader_.next(kEventsRead);
  std::erase_if(
      events, [&](const Event& one) { return one.ts < since_ || !accepts(link_->config(), one); });
  window_->add(std::move(events), reader_.through());
}

// Begins what may be sent now. What became too old while the sink failed is dropped.
void ProgramNotifier::start(const std::shared_ptr<Notifier>& self) {
  std::size_t dropped = 0;
  std::uint64_t first = 0, last = 0;
  while (window_->in_flight() == 0 && window_->oldest() != nullptr && too_old(*window_->oldest())) {
    last = window_->oldest()->id;
    if (dropped++ == 0) first = last;
    window_->finish(last);
  }
  if (dropped > 0) link_->drop("too_old", dropped, first, last);
  while (!reader_.stopping() && ports_.clock.now().mono >= link_->ready_at()) {
    std::vector<const Event*> batch;
    if (link_->config().format == SinkFormat::kOtlp) {
      const bool alone = window_->cursor() < alone_until_;
      batch = window_->next_batch(alone ? 1 : kMaxOtlpRecords);
    } else if (window_->in_flight() < kInFlight) {
      if (const Event* const next = window_->next()) batch.push_back(next);
    }
    if (batch.empty()) return;
    spawn(executor_, deliver(self, std::move(batch)));
  }
}

// Until the batch is taken or dropped, or the sink fails. Rejected events wait here: others go on.
Awaitable<void> ProgramNotifier::deliver(std::shared_ptr<Notifier> self,
                                         std::vector<const Event*> batch) {
  (void)self;  // kept alive: it owns the events
  // Named: g++ 12 destroys the captures of a lambda inside a co_await expression twice.
  const SinkLink::MakeRequest make = [this, &batch](const SinkAccess& access, Wall now) {
    return program_request(link_->config(), context_.source, access, batch, mark_, now);
  };
  const std::unique_ptr<Alarm> alarm = ports_.clock.make_alarm();
  for (std::uint32_t rejections = 0;;) {
    const DeliveryVerdict verdict = co_await link_->send(make);
    if (verdict == DeliveryVerdict::kTaken) {
      // How late a replayed event is says nothing.
      for (const Event* const one : batch) {
        if (mark_ == EventMark::kNone) link_->delivered(one->ts);
      }
      finish(batch);
      break;
    }
    const bool rejected = verdict == DeliveryVerdict::kEventFault;
    if (rejected && batch.size() == 1 && is_rejected_for_good(++rejections)) {
      link_->drop("rejected", 1, batch.front()->id, batch.front()->id);
      finish(batch);
      break;
    }
    if (rejected && batch.size() > 1) alone_until_ = batch.back()->id;
    if (!rejected || batch.size() > 1 || reader_.stopping()) {
      for (const Event* const one : batch) window_->put_back(one->id);
      break;
    }
    const Duration wait = retry_wait(rejections, link_->random01(), std::nullopt);
    co_await alarm->wait_until(ports_.clock.now().mono + wait);
    if (reader_.stopping()) break;
  }
  // What was taken after stop() must not be sent again by the notifier that follows.
  if (reader_.stopping()) save(true);
  reader_.ring();
}

void ProgramNotifier::start_heartbeat(const std::shared_ptr<Notifier>& self) {
  if (heartbeat_at_ > ports_.clock.now().mono) return;
  // Missed ones, as while the store does not answer at the start, are not made up for.
  while (heartbeat_at_ <= ports_.clock.now().mono) heartbeat_at_ += *link_->config().heartbeat;
  // Not while the receiver wants a pause.
  if (link_->ready_at() <= ports_.clock.now().mono) spawn(executor_, beat(self));
}

// One attempt: the next one comes soon. If it fails, the sink fails, as for an event.
Awaitable<void> ProgramNotifier::beat(std::shared_ptr<Notifier> self) {
  (void)self;  // kept alive
  const ChatHeartbeat numbers = context_.heartbeat();
  const Event event = heartbeat_event(numbers, ports_.clock.now().wall);
  const std::vector<const Event*> batch = {&event};
  const SinkLink::MakeRequest make = [this, &batch](const SinkAccess& access, Wall now) {
    return program_request(link_->config(), context_.source, access, batch, mark_, now);
  };
  co_await link_->send(make);
}

void ProgramNotifier::finish(const std::vector<const Event*>& batch) {
  std::vector<std::uint64_t> ids;
  for (const Event* const one : batch) ids.push_back(one->id);
  for (const std::uint64_t id : ids) window_->finish(id);
}

void ProgramNotifier::save(bool at_once) {
  if (window_) reader_.save(window_->cursor(), "", link_->status().last_success, at_once);
}

void ProgramNotifier::stop() {
  save(false);
  reader_.stop();
  if (const auto replay = replay_.lock()) replay->stop();
}

bool ProgramNotifier::replay(const ReplayRange& range, Wall since) {
  if (!replay_.expired()) return false;
  const std::shared_ptr<ProgramNotifier> replay(new ProgramNotifier(*this, range, since));
  replay_ = replay;
  spawn(executor_, replay->run(replay));
  return true;
}

void ProgramNotifier::on_test_taken() {
  link_->restore(ports_.clock.now().wall);
  save(true);
}

SinkStatus ProgramNotifier::status() const {
  SinkStatus status = link_->status();
  status.cursor = window_ ? window_->cursor() : reader_.through();
  status.pending = reader_.last_id() - std::min(reader_.last_id(), reader_.through());
  if (window_) status.pending += window_->size();
  if (window_ && window_->oldest() != nullptr) status.oldest_pending = window_->oldest()->ts;
  if (const auto replay = replay_.lock()) status.replaying = replay->status().pending;
  return status;
}

}  // namespace taskwatchd
