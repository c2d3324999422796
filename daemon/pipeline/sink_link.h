// The way to the receiver of one sink: reads its URL and secrets, sends requests, judges the
// answers, waits after failures, and counts all of it. Logs notify_failed when the sink begins to
// fail, notify_recovered when it works again, and notify_dropped. Event-loop thread only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/notify.h"
#include "core/types/status.h"
#include "notify/delivery_answer.h"
#include "notify/sink_access.h"
#include "ports.h"

namespace taskwatchd {

class SinkLink {
 public:
  // Both must outlive this object.
  SinkLink(Ports ports, LocalSecrets& files, SinkConfig config);

  using MakeRequest = std::function<HttpRequest(const SinkAccess& access, Wall now)>;
  // The URL, as it was read last; empty if it could not be read: then the sink fails.
  const std::string& url();
  // Makes and sends one request. Counts it, and after a failure of the sink sets ready_at(). The
  // request's limits, proxy and CA file are added here.
  Awaitable<DeliveryVerdict> send(MakeRequest make);

  // No request should be sent before.
  Mono ready_at() const { return ready_at_; }
  // The receiver took events of that time.
  void delivered(Wall observed_at);
  // Events are dropped: "too_old", or "rejected" as the last answer says.
  void drop(const std::string& reason, std::size_t count, std::uint64_t first_id,
            std::uint64_t last_id);

  // When the receiver last took something, in an earlier run.
  void restore(std::optional<Wall> last_success) { status_.last_success = last_success; }

  // Without `pending`.
  SinkStatus status() const;
  const SinkConfig& config() const { return config_; }
  // From 0 up to, but not including, 1: for waits.
  double random01();

 private:
  // Reads the files again if they were read more than 30 s ago. Returns false, and the sink fails,
  // if one of them is unusable.
  bool open();
  // `begun`: when the attempt began.
  void failed(const DeliveryAnswer& answer, Mono begun);
  void worked();

  Ports ports_;
  LocalSecrets& files_;
  SinkConfig config_;
  SinkAccess access_;
  Mono read_at_ = Mono::min();
  Mono ready_at_ = Mono::min();
  std::uint32_t failures_ = 0;  // in a row; requests that fail together count once
  Mono failed_at_ = Mono::min();
  std::string last_rejection_;
  SinkStatus status_;
};

}  // namespace taskwatchd
