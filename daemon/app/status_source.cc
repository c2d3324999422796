#include "app/status_source.h"

#include <utility>

#include "pipeline/next_turn.h"

namespace taskwatchd {

Awaitable<DaemonStatus> StatusSource::read() const {
  Fleet::Surveys surveyed;
  while (!fleet.survey(surveyed)) co_await next_turn();
  co_return with(fleet.status(surveyed));
}

DaemonStatus StatusSource::with(std::vector<AccountStatus> accounts) const {
  DaemonStatus status;
  status.accounts = std::move(accounts);
  for (AccountStatus& account : status.accounts) {
    account.detection_delay_bound = reloader.config().detection_delay_bound;
  }
  status.replication = status_of(replication);
  notifications.add_status(reloader.config(), status);
  status.store_up = recorder.store_up();
  status.events_pending[outboxes.sink_name()] = outboxes.pending();
  status.last_reload_successful = reloader.last_successful() && front.settings_valid();
  status.last_reload_success = reloader.last_success();
  return status;
}

}  // namespace taskwatchd
