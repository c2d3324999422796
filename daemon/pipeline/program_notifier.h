// A sink for programs: CloudEvents, each event in a request of its own, in order for each subject;
// or OpenTelemetry logs, in batches. See notify/delivery_window.h.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "notify/cloud_event.h"
#include "notify/delivery_window.h"
#include "notify/otlp_logs.h"
#include "pipeline/notifier.h"
#include "pipeline/sink_link.h"
#include "pipeline/sink_reader.h"

namespace taskwatchd {

// Who this daemon is, for receivers.
struct NotifySource {
  EventOrigin origin;
  OtlpResource resource;
};

class ProgramNotifier : public Notifier {
 public:
  // REQUIRES: the format is one for programs. All references must outlive this object.
  ProgramNotifier(boost::asio::any_io_executor executor, Ports ports, Recorder& recorder,
                  LocalSecrets& files, const SinkConfig& config, NotifySource source);

  void wake(std::uint64_t last_id) override { reader_.wake(last_id); }
  Awaitable<void> run(std::shared_ptr<Notifier> self) override;
  void stop() override;
  SinkStatus status() const override;

 private:
  Awaitable<void> fill();
  void start(const std::shared_ptr<Notifier>& self);
  Awaitable<void> deliver(std::shared_ptr<Notifier> self, std::vector<const Event*> batch);
  HttpRequest request(const std::vector<const Event*>& batch, const SinkAccess& access,
                      Wall now) const;
  void finish(const std::vector<const Event*>& batch);
  void save();
  bool too_old(const Event& event) const;

  boost::asio::any_io_executor executor_;
  Ports ports_;
  SinkLink link_;
  SinkReader reader_;
  NotifySource source_;
  std::optional<DeliveryWindow> window_;
  std::uint64_t alone_until_ = 0;  // a batch up to this event was rejected: its events go alone
};

}  // namespace taskwatchd
