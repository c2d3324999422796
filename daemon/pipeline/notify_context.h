// What notifications say beyond the events, from the rest of the daemon. Event-loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/types/mute.h"
#include "notify/chat_job.h"
#include "notify/chat_message.h"
#include "notify/chat_pace.h"
#include "notify/program_request.h"
#include "ports.h"

namespace taskwatchd {

struct NotifyContext {
  NotifySource source;
  std::string external_url;  // without a final slash; empty: messages have no links
  // The state of a job that is watched here.
  std::function<std::optional<JobCounts>(const JobKey&)> counts_of;
  // The numbers of the daily line, and of a program's heartbeat.
  std::function<ChatHeartbeat()> heartbeat;
  // Offset of local time in minutes; an empty zone is the host's.
  std::function<int(const std::string& zone, Wall at)> utc_offset;
  std::function<std::vector<Mute>()> mutes;  // active ones, of all sinks
  std::shared_ptr<ChatPaces> paces = std::make_shared<ChatPaces>();

  ChatStyle style_of(const SinkConfig& sink, Wall at) const {
    return {sink.language, utc_offset(sink.time_zone, at)};
  }
};

}  // namespace taskwatchd
