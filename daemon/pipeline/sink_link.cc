#include "pipeline/sink_link.h"

#include <algorithm>

#include "notify/delivery_retry.h"
#include "pipeline/sink_access.h"

namespace taskwatchd {
namespace {

constexpr Duration kReadEvery = std::chrono::seconds(30);  // the files

}  // namespace

SinkLink::SinkLink(Ports ports, LocalSecrets& files, SinkConfig config)
    : ports_(ports), files_(files), config_(std::move(config)) {
  status_.name = config_.name;
  status_.format = std::string(name(config_.format));
}

double SinkLink::random01() {
  return static_cast<double>(ports_.entropy.next() >> 11) * 0x1p-53;
}

bool SinkLink::open() {
  const Now now = ports_.clock.now();
  if (now.mono < read_at_ + kReadEvery && !access_.url.empty()) return true;
  auto read = read_sink_access(files_, config_);
  if (const auto* const problem = std::get_if<std::string>(&read)) {
    // What was read before may still work: a file that is being replaced is incomplete for a while.
    if (!access_.url.empty()) return true;
    failed({.verdict = DeliveryVerdict::kSinkFault, .reason = *problem, .code = "configuration"},
           now.mono);
    return false;
  }
  access_ = std::get<SinkAccess>(std::move(read));
  read_at_ = now.mono;
  return true;
}

const std::string& SinkLink::url() {
  if (ports_.clock.now().mono >= ready_at_) open();
  return access_.url.reveal();
}

Awaitable<DeliveryVerdict> SinkLink::send(MakeRequest make) {
  if (!open()) co_return DeliveryVerdict::kSinkFault;
  const Mono begun = ports_.clock.now().mono;
  HttpRequest request = make(access_, ports_.clock.now().wall);
  limit_sink_request(request, config_);
  const HttpResult result = co_await ports_.http.send(std::move(request));
  const DeliveryAnswer answer = judge_delivery(config_.format, result, ports_.clock.now().wall);
  ++status_.requests[answer.code];
  switch (answer.verdict) {
    case DeliveryVerdict::kTaken:
      worked();
      break;
    case DeliveryVerdict::kEventFault:
      last_rejection_ = answer.reason;
      break;
    case DeliveryVerdict::kSinkFault:
      failed(answer, begun);
      break;
  }
  co_return answer.verdict;
}

void SinkLink::worked() {
  const Wall now = ports_.clock.now().wall;
  status_.last_success = now;
  failures_ = 0;
  ready_at_ = Mono::min();
  if (!status_.failing_since) return;
  const Duration away = now - *std::exchange(status_.failing_since, std::nullopt);
  status_.reason.clear();
  ports_.log.write_event(now, Level::kInfo, "notify_recovered",
                         "sink " + config_.name + " takes notifications again",
                         {{"sink", config_.name}, {"failed_seconds", seconds(away)}});
}

void SinkLink::failed(const DeliveryAnswer& answer, Mono begun) {
  const Now now = ports_.clock.now();
  if (begun > failed_at_) {
    ++failures_;
    failed_at_ = now.mono;
  }
  // A request that began earlier may have been asked to wait for longer.
  ready_at_ = std::max(ready_at_, now.mono + retry_wait(failures_, random01(), answer.pause));
  read_at_ = Mono::min();  // the URL or the secret may have been replaced
  const bool fresh = !status_.failing_since;
  if (fresh) status_.failing_since = now.wall;
  if (!fresh && status_.reason == answer.reason) return;
  status_.reason = answer.reason;
  if (!fresh) return;
  ports_.log.write_event(
      now.wall, Level::kWarn, "notify_failed",
      "sink " + config_.name + " takes no notifications; trying again: " + answer.reason,
      {{"sink", config_.name}, {"reason", answer.reason}});
}

void SinkLink::delivered(Wall observed_at) {
  ports_.observer.notified(
      config_.name, std::max<Duration>(Duration::zero(), ports_.clock.now().wall - observed_at));
}

void SinkLink::drop(const std::string& reason, std::size_t count, std::uint64_t first_id,
                    std::uint64_t last_id) {
  status_.dropped[reason] += count;
  const std::string why = reason == "rejected" ? ": " + last_rejection_ : "";
  ports_.log.write_event(ports_.clock.now().wall, Level::kError, "notify_dropped",
                         "sink " + config_.name + ": " + std::to_string(count) +
                             (count == 1 ? " event was" : " events were") + " dropped (" + reason +
                             ")" + why,
                         {{"sink", config_.name},
                          {"reason", reason},
                          {"count", static_cast<std::int64_t>(count)},
                          {"first_id", static_cast<std::int64_t>(first_id)},
                          {"last_id", static_cast<std::int64_t>(last_id)}});
}

SinkStatus SinkLink::status() const {
  return status_;
}

}  // namespace taskwatchd
