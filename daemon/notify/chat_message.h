// The messages of chats as text without markup, in English or Chinese; notify/chat_request.h makes
// the request of a service from one. Texts of devices and of the platform are made safe here
// (notify/chat_text.h). Words: the glossary of the documents; the Chinese names of statuses are
// those of the status page. No I/O: times are written with an offset that the caller passes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/notify.h"
#include "core/events/event.h"
#include "core/types/job.h"
#include "core/types/time.h"

namespace taskwatchd {

struct ChatStyle {
  Language language = Language::kEnglish;
  int utc_offset = 0;  // of local time, in minutes
};

struct ChatLink {
  std::string label;
  std::string url;
  bool operator==(const ChatLink&) const = default;
};
struct JobSize {
  std::size_t bad = 0;
  std::size_t total = 0;  // 0: not known; then only the number of bad tasks counts
};
// True once both parts of the share are reached.
bool reaches(const BadShare& share, const JobSize& size);

// SinkConfig::title is added by the request. Each text is one line.
struct ChatMessage {
  std::string headline;
  std::vector<std::string> lines;
  std::vector<ChatLink> links;
  std::vector<JobSize> sizes;  // of the jobs that it reports; they decide who is mentioned
};

struct ChatDevice {
  std::string task_id;
  std::string name;     // as the platform sent it
  std::string message;  // as the device sent it; may be empty
  TaskStatus status = TaskStatus::kUnknown;
  std::optional<Wall> changed_at;  // on the platform
  std::optional<Wall> seen_at;     // receive time of the response that showed it
};

enum class JobNoticeKind : std::uint8_t {
  kFailures,
  kOverdue,
  kStalled,
  kTimedOut,   // the job
  kFinished,   // with its final counts
  kRecovered,  // after failures were reported, a rerun left none
};

struct JobNotice {
  JobNoticeKind kind = JobNoticeKind::kFailures;
  std::string account;
  std::string instance;
  std::string job_id;
  std::string job_name;              // may be empty
  std::optional<TaskCounts> counts;  // absent for a job that is not watched
  std::uint32_t bad = 0;             // at least that of `counts`
  std::uint32_t newly_bad = 0;       // since the message before
  std::uint32_t overdue = 0;
  std::vector<ChatDevice> devices;  // the first three are shown
  bool may_mention = true;
  std::string job_url;      // empty: no link
  std::string runbook_url;  // empty: no link
};

// Many jobs of one account at once.
struct AccountNotice {
  std::string account;
  std::vector<JobNotice> jobs;  // the first ten are listed
  std::string url;              // of the status page; empty: no link
};

// What could not be sent in time, or was not meant to be.
struct ChatDigest {
  enum class Reason { kLate, kMuteEnded, kReplayed };
  Reason reason = Reason::kLate;
  Wall from;  // the oldest event
  Wall to;    // the newest one
  std::vector<JobNotice> jobs;
  std::vector<Event> events;       // without a job
  std::size_t further_events = 0;  // counted only
};

struct ChatHeartbeat {
  std::size_t accounts = 0;
  std::size_t jobs = 0;           // watched
  std::size_t open_failures = 0;  // jobs with failed tasks
  std::vector<std::string> sinks_failing;
};

// "2026-11-28 09:00:05 +08:00".
std::string local_time(Wall at, int utc_offset);

ChatMessage job_message(const JobNotice& notice, const ChatStyle& style);
ChatMessage account_message(const AccountNotice& notice, const ChatStyle& style);
ChatMessage digest_message(const ChatDigest& digest, const ChatStyle& style);
// An event that is not merged with others of a job: of an account, a distribution, the store.
ChatMessage event_message(const Event& event, const ChatStyle& style);
// Several of them; `further` more are counted only.
ChatMessage events_message(const std::vector<Event>& events, std::size_t further,
                           const ChatStyle& style);
ChatMessage heartbeat_message(const ChatHeartbeat& heartbeat, const ChatStyle& style);
// A realistic failure, or its recovery, marked as a test. A failure is large enough for any mention
// if `mention` is set, else it mentions nobody.
ChatMessage sample_message(bool recovered, bool mention, Wall now, const ChatStyle& style);

}  // namespace taskwatchd
