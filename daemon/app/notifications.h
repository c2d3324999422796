// Ties the sinks of notifications to the rest of the daemon: what messages say about jobs, and
// whose events there are. Event-loop thread only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/types/status.h"
#include "io/files/key_files.h"
#include "io/system/time_zone.h"
#include "pipeline/fleet.h"
#include "pipeline/mute_book.h"
#include "pipeline/notifiers.h"
#include "pipeline/recorder.h"
#include "ports.h"

namespace taskwatchd {

class Notifications {
 public:
  // `external_url`: of the pages, as in --web.external-url; may be empty. References must outlive
  // this object.
  Notifications(boost::asio::any_io_executor executor, Ports ports, Recorder& recorder,
                const Fleet& fleet, const Config& config, const std::string& external_url);

  Notifiers& sinks() { return notifiers_; }
  const Notifiers& sinks() const { return notifiers_; }
  MuteBook& mutes() { return mutes_; }
  // What is known of the sinks and mutes now.
  void add_status(const Config& config, DaemonStatus& status) const;

 private:
  std::optional<JobCounts> counts_of(const JobKey& job);
  ChatHeartbeat heartbeat() const;
  NotifyContext context(const Config& config, const std::string& external_url);

  Clock& clock_;
  const Fleet& fleet_;
  KeyFiles files_;
  TimeZones zones_;
  // The jobs as they were at `counted_at_`: reading all of them for each message costs too much.
  std::map<JobKey, JobCounts> counts_;
  Mono counted_at_ = Mono::min();
  MuteBook mutes_;
  Notifiers notifiers_;
};

}  // namespace taskwatchd
