// What a chat has been sent about one job, and what it must still be sent. The numbers in a message
// are those of the job's state, which the caller passes; events decide when a message is due. Times
// are UTC. No I/O; no clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/notify.h"
#include "core/events/event.h"
#include "core/types/job.h"
#include "notify/chat_burst.h"
#include "notify/chat_message.h"

namespace taskwatchd {

// The job's state now. It includes every transition whose event was added, at most 30 s late.
struct JobCounts {
  std::string instance;
  std::string job_name;
  TaskCounts tasks{};
  std::optional<std::uint32_t> overdue;  // absent without a deadline
};

// From which size on a job is reported, and people are mentioned.
struct ChatPolicy {
  BadShare from;
  BadShare mention;
};

// What survives a restart.
struct ChatJobRecord {
  JobKey key;
  std::uint64_t covered = 0;  // the newest event of the job up to which messages were sent
  BurstRecord failures;
  BurstRecord overdue;
  std::int64_t attempt = 1;  // the highest among the failed tasks
  bool open = false;         // failures were reported; that they are over, not yet
  bool mentioned = false;    // people were mentioned for them
  bool operator==(const ChatJobRecord&) const = default;
};

class ChatJob {
 public:
  explicit ChatJob(ChatJobRecord record);

  // An event of the job. Ignores one that was added or covered before.
  void add(const Event& event);
  // The device message of a task, which came after its transition.
  void add_details(const Event& event);

  // Takes over the job's state; nullopt if the job is not watched. Drops what needs no message.
  // Call it before the functions below.
  void update(const std::optional<JobCounts>& counts, const ChatPolicy& policy, Wall now);
  // From when on a message is due, if any.
  std::optional<Wall> due_at() const;
  // The message that covers all that is pending. REQUIRES: due_at.
  JobNotice take();
  // It was not sent.
  void restore();
  // It was sent, alone or (`settle`) with many others.
  void on_sent(Wall now, bool settle);

  // The oldest event that no message covers; 0: none.
  std::uint64_t first_pending() const;
  // As registered; may be empty.
  const std::string& name() const { return counts_ ? counts_->job_name : job_name_; }
  // The times of the oldest and the newest pending event, if any.
  std::optional<std::pair<Wall, Wall>> pending_times() const;
  // The job's state decides about a message, so it has to be read again soon.
  bool needs_updates() const { return record_.open || first_pending() != 0; }
  // Nothing is pending and nothing has to be remembered.
  bool is_done(std::uint64_t cursor, Wall now) const;
  ChatJobRecord record() const;

 private:
  struct Fact {  // that the job stalled, timed out or finished
    JobNoticeKind kind = JobNoticeKind::kStalled;
    std::uint64_t id = 0;
    Wall at;
  };

  void add_failure(const Event& event);
  void add_device(const Event& event);
  void drop_unneeded(const ChatPolicy& policy, Wall now);
  Duration hold() const;
  JobNoticeKind kind() const;

  ChatJobRecord record_;
  ChatBurst failures_;
  ChatBurst overdue_;
  std::vector<Fact> facts_;
  std::vector<Fact> facts_sending_;
  std::vector<ChatDevice> devices_;  // of the new events: the first three
  std::vector<ChatDevice> devices_sending_;
  std::uint64_t last_id_ = 0;
  std::string instance_;  // of the newest event, for a job that is not watched
  std::string job_name_;  // may be empty
  // As of the last update.
  std::optional<JobCounts> counts_;
  JobSize size_;
  std::uint32_t overdue_now_ = 0;
  bool may_report_ = false;  // the bad tasks reach the threshold
  bool may_report_overdue_ = false;
  bool may_mention_ = false;
  bool over_ = false;               // no bad and no unfinished tasks
  std::optional<Wall> over_since_;  // that is known
  // Of the message that is being sent.
  JobNotice sending_;  // kind and numbers
  bool covers_failures_ = false;
  bool covers_overdue_ = false;
};

}  // namespace taskwatchd
