// The status of the whole daemon, put together from its parts. Event-loop thread only.
#pragma once

#include <vector>

#include "app/notifications.h"
#include "app/reloader.h"
#include "app/replication.h"
#include "core/types/status.h"
#include "pipeline/fleet.h"
#include "pipeline/outboxes.h"
#include "pipeline/recorder.h"
#include "ports.h"
#include "server/web_front.h"

namespace taskwatchd {

struct StatusSource {
  // As of the moment when it returns. Explicit tasks of very many accounts are surveyed before, in
  // several turns of the event loop.
  Awaitable<DaemonStatus> read() const;
  // In one turn.
  DaemonStatus read_at_once() const { return with(fleet.status()); }

  // All must outlive this object.
  const Fleet& fleet;
  const Notifications& notifications;
  const Recorder& recorder;
  const Outboxes& outboxes;
  const Reloader& reloader;
  const WebFront& front;
  const Replication* replication;  // null without replicas

 private:
  DaemonStatus with(std::vector<AccountStatus> accounts) const;
};

}  // namespace taskwatchd
