#include "pipeline/program_notifier.h"

#include <algorithm>

#include "notify/delivery_retry.h"
#include "notify/event_filter.h"
#include "notify/webhook_signature.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kWindow = 512;      // events in memory
constexpr std::size_t kEventsRead = 256;  // at once
constexpr std::size_t kInFlight = 8;      // requests of cloudevents
constexpr Duration kSaveEvery = std::chrono::hours(1);

}  // namespace

ProgramNotifier::ProgramNotifier(boost::asio::any_io_executor executor, Ports ports,
                                 Recorder& recorder, LocalSecrets& files, const SinkConfig& config,
                                 NotifySource source)
    : executor_(std::move(executor)),
      ports_(ports),
      link_(ports, files, config),
      reader_(ports, recorder, config.name, config.give_up),
      source_(std::move(source)) {}

Awaitable<void> ProgramNotifier::run(std::shared_ptr<Notifier> self) {
  const auto begun = co_await reader_.begin();
  if (!begun) co_return;
  window_.emplace(begun->event_id);
  while (!reader_.stopping()) {
    if (reader_.has_more() && window_->size() < kWindow) co_await fill();
    start(self);
    save();
    const Mono now = ports_.clock.now().mono;
    if (reader_.has_more() && window_->size() < kWindow) continue;
    const bool waits = link_.ready_at() > now && window_->size() > window_->in_flight();
    const Mono wake = waits ? link_.ready_at() : now + kSaveEvery;
    co_await reader_.wait_until(wake);
  }
}

bool ProgramNotifier::too_old(const Event& event) const {
  return is_too_old(event.ts, ports_.clock.now().wall, link_.config().give_up);
}

// Reads the next events and keeps those that are for this sink.
Awaitable<void> ProgramNotifier::fill() {
  std::vector<Event> events = co_await reader_.next(kEventsRead);
  std::erase_if(events, [&](const Event& one) { return !accepts(link_.config(), one); });
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
  if (dropped > 0) link_.drop("too_old", dropped, first, last);
  while (!reader_.stopping() && ports_.clock.now().mono >= link_.ready_at()) {
    std::vector<const Event*> batch;
    if (link_.config().format == SinkFormat::kOtlp) {
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
    return request(batch, access, now);
  };
  const std::unique_ptr<Alarm> alarm = ports_.clock.make_alarm();
  for (std::uint32_t rejections = 0;;) {
    const DeliveryVerdict verdict = co_await link_.send(make);
    if (verdict == DeliveryVerdict::kTaken) {
      for (const Event* const one : batch) link_.delivered(one->ts);
      finish(batch);
      break;
    }
    const bool rejected = verdict == DeliveryVerdict::kEventFault;
    if (rejected && batch.size() == 1 && is_rejected_for_good(++rejections)) {
      link_.drop("rejected", 1, batch.front()->id, batch.front()->id);
      finish(batch);
      break;
    }
    if (rejected && batch.size() > 1) alone_until_ = batch.back()->id;
    if (!rejected || batch.size() > 1 || reader_.stopping()) {
      for (const Event* const one : batch) window_->put_back(one->id);
      break;
    }
    const Duration wait = retry_wait(rejections, link_.random01(), std::nullopt);
    co_await alarm->wait_until(ports_.clock.now().mono + wait);
  }
  reader_.ring();
}

HttpRequest ProgramNotifier::request(const std::vector<const Event*>& batch,
                                     const SinkAccess& access, Wall now) const {
  HttpRequest request;
  request.method = "POST";
  request.url = access.url.reveal();
  for (const auto& [name, value] : access.headers) {
    request.headers.emplace_back(name, value.reveal());
  }
  if (link_.config().format == SinkFormat::kOtlp) {
    std::vector<Event> events;
    for (const Event* const one : batch) events.push_back(*one);
    request.body = otlp_logs_json(source_.resource, events, now);
    request.headers.emplace_back("content-type", "application/json");
    return request;
  }
  const Event& event = *batch.front();
  request.body = cloud_event_json(source_.origin, event, false);
  request.headers.emplace_back("content-type", std::string(kCloudEventContentType));
  for (auto& header : webhook_headers(access.keys, std::to_string(event.id), now, request.body)) {
    request.headers.push_back(std::move(header));
  }
  return request;
}

void ProgramNotifier::finish(const std::vector<const Event*>& batch) {
  std::vector<std::uint64_t> ids;
  for (const Event* const one : batch) ids.push_back(one->id);
  for (const std::uint64_t id : ids) window_->finish(id);
}

void ProgramNotifier::save() {
  if (window_) reader_.save(window_->cursor(), "", false);
}

void ProgramNotifier::stop() {
  save();
  reader_.stop();
}

SinkStatus ProgramNotifier::status() const {
  SinkStatus status = link_.status();
  status.pending = reader_.last_id() - std::min(reader_.last_id(), reader_.through());
  if (window_) status.pending += window_->size();
  return status;
}

}  // namespace taskwatchd
