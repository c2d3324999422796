#include "app/replication.h"

#include "app/replication_status.h"
#include "app/state.h"

namespace taskwatchd {
namespace {

// How often the store is read for the commits of other replicas.
constexpr Duration kOthersEvery = std::chrono::milliseconds(500);
// How long a former holder exports its last values once it has seen another one.
constexpr Duration kFormerFor = std::chrono::seconds(60);

}  // namespace

Replication::Replication(boost::asio::any_io_executor executor, Clock& clock, Log& log,
                         LeaseStore& store, const Config& config)
    : executor_(executor),
      clock_(clock),
      keeper_(std::move(executor), clock, log, store, replica_of(config),
              {.acquired = [this](const std::string& lease) { acquire(lease); },
               .lost = [this](const std::string& lease) { lose(lease); },
               .hand_over = [this](std::string lease) { return hand_over(std::move(lease)); }}) {
  keeper_.configure(lease_names(config), config_hashes(config));
}

void Replication::attach(Fleet& fleet, Outboxes& outboxes, Recorder& recorder) {
  fleet_ = &fleet;
  outboxes_ = &outboxes;
  fleet.share();
  recorder.on_fenced(
      [this](const std::vector<std::string>& accounts) { keeper_.fenced(accounts); });
}

void Replication::attach(Notifiers& sinks) {
  sinks_ = &sinks;
  sinks.share();
}

void Replication::start(std::function<void()> others) {
  spawn(executor_, keeper_.run());
  spawn(executor_, follow_others(std::move(others)));
}

void Replication::configure(const Config& config) {
  keeper_.configure(lease_names(config), config_hashes(config));
}

void Replication::acquire(const std::string& lease) {
  if (const auto sink = sink_of_lease(lease)) return sinks_->acquire(*sink);
  fleet_->acquire(lease);
  outboxes_->start(lease);
}

void Replication::lose(const std::string& lease) {
  if (const auto sink = sink_of_lease(lease)) return sinks_->lose(*sink);
  fleet_->lose(lease);
  outboxes_->stop(lease);
}

ReplicationStatus Replication::status() const {
  return replication_status(keeper_.book(), clock_.now().mono);
}

std::optional<ReplicationStatus> status_of(const Replication* replication) {
  if (replication == nullptr) return std::nullopt;
  return replication->status();
}

Awaitable<void> Replication::hand_over(std::string lease) {
  if (const auto sink = sink_of_lease(lease)) {
    co_await sinks_->hand_over(*sink);
    co_return;
  }
  co_await fleet_->hand_over(lease);
  outboxes_->stop(lease);
}

Awaitable<void> Replication::follow_others(std::function<void()> others) {
  const std::unique_ptr<Alarm> alarm = clock_.make_alarm();
  for (;;) {
    co_await alarm->wait_until(clock_.now().mono + kOthersEvery);
    others();
    forget_former();
  }
}

void Replication::forget_former() {
  const Mono now = clock_.now().mono;
  for (const std::string& account : fleet_->former()) {
    const Replica* const holder = keeper_.book().holder_of(account);
    if (holder == nullptr || holder->holder == keeper_.self()) {
      elsewhere_.erase(account);
      continue;
    }
    const Mono since = elsewhere_.try_emplace(account, now).first->second;
    if (now - since < kFormerFor) continue;
    fleet_->forget_former(account);
    elsewhere_.erase(account);
  }
}

}  // namespace taskwatchd
