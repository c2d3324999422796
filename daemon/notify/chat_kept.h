// What a chat was not sent at its time and gets as one digest: what a mute covered, or older events
// on request (a replay). Per job only the newest state is kept, so memory is bounded by the number
// of watched jobs. No I/O; no clock.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/events/event.h"
#include "notify/chat_job.h"
#include "notify/chat_message.h"

namespace taskwatchd {

struct KeptJob {
  JobKey key;
  JobNoticeKind kind = JobNoticeKind::kFailures;  // of the newest notice
  std::string instance;
  std::string job_name;  // may be empty
  std::uint32_t bad = 0;
  std::uint32_t newly_bad = 0;  // of all notices together
  std::uint32_t overdue = 0;
  bool may_mention = false;
  bool operator==(const KeptJob&) const = default;
};

struct ChatKept {
  Wall from;  // the oldest event; has no meaning while empty()
  Wall to;    // the newest one
  std::vector<KeptJob> jobs;
  std::vector<Event> events;       // without a job: the first ones
  std::size_t further_events = 0;  // counted only

  bool empty() const { return jobs.empty() && events.empty() && further_events == 0; }
  bool operator==(const ChatKept&) const = default;
};

// `from` and `to`: the times of the oldest and the newest event that the notice covers.
void keep(ChatKept& kept, const JobNotice& notice, Wall from, Wall to);
// An event that no ChatJob merged.
void keep(ChatKept& kept, const Event& event);
// Events without a job that are counted only.
void keep(ChatKept& kept, const NewEvents& further);

// The numbers are those of the jobs' state now: `counts_of` returns nullopt for a job that is not
// watched.
ChatDigest digest_of(const ChatKept& kept, ChatDigest::Reason reason,
                     const std::function<std::optional<JobCounts>(const JobKey&)>& counts_of);

}  // namespace taskwatchd
