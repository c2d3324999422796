// A sink for programs: CloudEvents, each event in a request of its own, in order for each subject;
// or OpenTelemetry logs, in batches. See notify/delivery_window.h.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "notify/delivery_window.h"
#include "pipeline/notifier.h"
#include "pipeline/notify_context.h"
#include "pipeline/sink_link.h"
#include "pipeline/sink_reader.h"

namespace taskwatchd {

class ProgramNotifier : public Notifier {
 public:
  // REQUIRES: the format is one for programs. All references must outlive this object.
  ProgramNotifier(boost::asio::any_io_executor executor, Ports ports, Recorder& recorder,
                  LocalSecrets& files, const SinkConfig& config, NotifyContext context);

  void wake(std::uint64_t last_id) override { reader_.wake(last_id); }
  Awaitable<void> run(std::shared_ptr<Notifier> self) override;
  void stop() override;
  void report(const Event&) override {}  // programs get stored events, and heartbeats
  bool replay(const ReplayRange& range, Wall since) override;
  void on_test_taken() override;
  SinkStatus status() const override;

 private:
  // A replay: runs besides `whole`, whose link it shares, until the range is delivered.
  ProgramNotifier(const ProgramNotifier& whole, const ReplayRange& range, Wall since);

  Awaitable<void> fill();
  bool is_done() const { return reader_.at_end() && window_->size() == 0; }
  void start(const std::shared_ptr<Notifier>& self);
  Awaitable<void> deliver(std::shared_ptr<Notifier> self, std::vector<const Event*> batch);
  void start_heartbeat(const std::shared_ptr<Notifier>& self);
  Awaitable<void> beat(std::shared_ptr<Notifier> self);
  void finish(const std::vector<const Event*>& batch);
  void save(bool at_once);
  bool too_old(const Event& event) const;

  boost::asio::any_io_executor executor_;
  Ports ports_;
  Recorder& recorder_;
  std::shared_ptr<SinkLink> link_;
  SinkReader reader_;
  NotifyContext context_;
  EventMark mark_ = EventMark::kNone;
  Wall since_ = Wall::min();  // older events are not for this sink
  std::weak_ptr<ProgramNotifier> replay_;
  Mono heartbeat_at_ = Mono::max();
  std::optional<DeliveryWindow> window_;
  std::uint64_t alone_until_ = 0;  // a batch up to this event was rejected: its events go alone
};

}  // namespace taskwatchd
