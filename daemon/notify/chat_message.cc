#include "notify/chat_message.h"

#include <algorithm>
#include <cstdlib>

#include "notify/chat_text.h"
#include "notify/chat_words.h"

namespace taskwatchd {
namespace {

// Limits in bytes and lines: a message of the largest parts fits the 4,000 bytes of a request with
// its links, except one whose texts are hostile.
constexpr std::size_t kNameRoom = 90;
constexpr std::size_t kDeviceMessageRoom = 300;
constexpr std::size_t kDevices = 3;
constexpr std::size_t kListedJobs = 10;
constexpr std::size_t kListedEvents = 10;

std::string shown_name(const JobNotice& job) {
  return chat_text(job.job_name.empty() ? job.job_id : job.job_name, kNameRoom);
}

std::size_t shown_total(const JobNotice& job) {
  return job.counts ? total_of(*job.counts) : 0;
}

// "12 of 10000 tasks failed", the total only if it is known.
std::string failures(const JobNotice& job, Language language) {
  const std::size_t total = shown_total(job);
  if (total == 0) {
    return in_language(language, "{0} failed", "{1} 个作业异常", counted(job.bad, "task"), job.bad);
  }
  return in_language(language, "{1} of {2} failed", "{0} 个作业中 {1} 个异常", total, job.bad,
                     counted(total, "task"));
}

// What happened to the job, after its name.
std::string what_happened(const JobNotice& job, Language language) {
  switch (job.kind) {
    case JobNoticeKind::kFailures: {
      const bool is_first = job.newly_bad == 0 || job.newly_bad >= job.bad;
      const std::string news =
          is_first ? "" : in_language(language, ", {} of them new", "，新增 {} 个", job.newly_bad);
      return failures(job, language) + news;
    }
    case JobNoticeKind::kOverdue:
      return in_language(language, "{0} past the deadline", "{1} 个作业逾期",
                         counted(job.overdue, "task"), job.overdue);
    case JobNoticeKind::kStalled:
      return in_language(language, "stalled", "停滞");
    case JobNoticeKind::kTimedOut:
      return in_language(language, "the job timed out", "任务已超时");
    case JobNoticeKind::kFinished:
      if (job.bad == 0)
        return in_language(language, "finished, no failed tasks", "已结束，无异常作业");
      return in_language(language, "finished, {}", "已结束，{}", failures(job, language));
    case JobNoticeKind::kRecovered:
      return in_language(language, "recovered, no failed tasks after a rerun",
                         "已恢复，重新执行后无异常作业");
  }
  return {};
}

std::string headline_of(const JobNotice& job, Language language) {
  return in_language(language, "{}: {}", "{}：{}", shown_name(job), what_happened(job, language));
}

std::string device_line(const ChatDevice& device, const ChatStyle& style) {
  const Language language = style.language;
  std::string line = "• " +
                     chat_text(device.name.empty() ? device.task_id : device.name, kNameRoom) +
                     " " + status_word(device.status, language);
  if (!device.message.empty()) {
    line += in_language(language, ": {}", "：{}", chat_text(device.message, kDeviceMessageRoom));
  }
  if (device.changed_at) {
    line += in_language(language, "; changed {}", "；变化时间 {}",
                        local_time(*device.changed_at, style.utc_offset));
  }
  if (device.seen_at) {
    line += in_language(language, "; first observed {}", "；首次发现 {}",
                        local_time(*device.seen_at, style.utc_offset));
  }
  return line;
}

void add_links(ChatMessage& message, const JobNotice& job, Language language) {
  if (!job.job_url.empty()) {
    message.links.push_back({in_language(language, "Job", "任务页面"), job.job_url});
  }
  if (!job.runbook_url.empty()) {
    message.links.push_back({in_language(language, "Runbook", "处理手册"), job.runbook_url});
  }
}

void add_size(ChatMessage& message, const JobNotice& job) {
  const bool has_failures = job.kind != JobNoticeKind::kRecovered && job.bad > 0;
  if (has_failures && job.may_mention) message.sizes.push_back({job.bad, shown_total(job)});
}

// One line for each job, at most ten of them.
void list_jobs(ChatMessage& message, const std::vector<JobNotice>& jobs, bool with_account,
               Language language) {
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    add_size(message, jobs[i]);
    if (i >= kListedJobs) continue;
    const std::string account = with_account ? jobs[i].account + " / " : "";
    message.lines.push_back("• " + account + headline_of(jobs[i], language));
  }
  if (jobs.size() > kListedJobs) {
    const std::size_t further = jobs.size() - kListedJobs;
    message.lines.push_back(in_language(language, "• and {0} more", "• 另有 {1} 个任务",
                                        counted(further, "job"), further));
  }
}

}  // namespace

bool reaches(const BadShare& share, const JobSize& size) {
  if (size.bad < share.tasks) return false;
  const auto bad = static_cast<double>(size.bad);
  return size.total == 0 || bad >= share.ratio * static_cast<double>(size.total);
}

std::string local_time(Wall at, int utc_offset) {
  std::string text = rfc3339_seconds(at + std::chrono::minutes(utc_offset));
  text.pop_back();  // Z
  text[text.find('T')] = ' ';
  const int minutes = std::abs(utc_offset);
  return fmt::format("{} {}{:02}:{:02}", text, utc_offset < 0 ? '-' : '+', minutes / 60,
                     minutes % 60);
}

ChatMessage job_message(const JobNotice& notice, const ChatStyle& style) {
  const Language language = style.language;
  ChatMessage message;
  message.headline = headline_of(notice, language);
  message.lines.push_back(in_language(language, "Account {}, instance {}", "账号 {}，实例 {}",
                                      notice.account, notice.instance));
  message.lines.push_back(in_language(language, "Job {}, id {}", "任务 {}，ID {}",
                                      shown_name(notice), chat_text(notice.job_id, kNameRoom)));
  if (notice.counts) {
    message.lines.push_back(
        in_language(language, "Tasks: {}", "作业：{}", counts_text(*notice.counts, language)));
  }
  if (notice.overdue > 0 && notice.kind != JobNoticeKind::kOverdue) {
    message.lines.push_back(in_language(language, "Past the deadline: {0}", "逾期：{1} 个作业",
                                        counted(notice.overdue, "task"), notice.overdue));
  }
  for (std::size_t i = 0; i < notice.devices.size() && i < kDevices; ++i) {
    message.lines.push_back(device_line(notice.devices[i], style));
  }
  add_links(message, notice, language);
  add_size(message, notice);
  return message;
}

ChatMessage account_message(const AccountNotice& notice, const ChatStyle& style) {
  ChatMessage message;
  const std::size_t jobs = notice.jobs.size();
  message.headline =
      in_language(style.language, "account {0}: {1} changed", "账号 {0}：{2} 个任务有变化",
                  notice.account, counted(jobs, "job"), jobs);
  list_jobs(message, notice.jobs, false, style.language);
  if (!notice.url.empty()) {
    message.links.push_back({in_language(style.language, "Status page", "状态页面"), notice.url});
  }
  return message;
}

ChatMessage digest_message(const ChatDigest& digest, const ChatStyle& style) {
  using Reason = ChatDigest::Reason;
  const Language language = style.language;
  ChatMessage message;
  const std::string reason =
      digest.reason == Reason::kLate
          ? in_language(language, "LATE, this could not be sent in time", "延迟：未能及时发送")
      : digest.reason == Reason::kMuteEnded
          ? in_language(language, "the mute ended, this was not sent", "静音结束：期间未发送")
          : in_language(language, "REPLAYED, this was sent before or is older", "重放：较早的通知");
  const std::size_t events = digest.events.size() + digest.further_events;
  message.headline = in_language(language, "{0}: {1}, {2}", "{0}，{3} 个任务，{4} 个其他通知",
                                 reason, counted(digest.jobs.size(), "job"),
                                 counted(events, "other notification"), digest.jobs.size(), events);
  message.lines.push_back(in_language(language, "From {} to {}", "{} 至 {}",
                                      local_time(digest.from, style.utc_offset),
                                      local_time(digest.to, style.utc_offset)));
  list_jobs(message, digest.jobs, true, language);
  const ChatMessage listed = events_message(digest.events, digest.further_events, style);
  if (events > 0)
    message.lines.insert(message.lines.end(), listed.lines.begin(), listed.lines.end());
  return message;
}

ChatMessage events_message(const std::vector<Event>& events, std::size_t further,
                           const ChatStyle& style) {
  const Language language = style.language;
  const std::size_t all = events.size() + further;
  ChatMessage message;
  message.headline = in_language(language, "{0}", "{1} 个通知", counted(all, "notification"), all);
  for (std::size_t i = 0; i < events.size() && i < kListedEvents; ++i) {
    message.lines.push_back("• " + event_message(events[i], style).headline + "; " +
                            local_time(events[i].ts, style.utc_offset));
  }
  if (all > std::min(events.size(), kListedEvents)) {
    message.lines.push_back(in_language(language, "• and {} more", "• 另有 {} 个",
                                        all - std::min(events.size(), kListedEvents)));
  }
  return message;
}

ChatMessage heartbeat_message(const ChatHeartbeat& heartbeat, const ChatStyle& style) {
  std::string failing;
  for (const std::string& sink : heartbeat.sinks_failing) {
    failing += (failing.empty() ? "" : ", ") + sink;
  }
  if (failing.empty()) failing = in_language(style.language, "none", "无");
  ChatMessage message;
  message.headline = in_language(
      style.language, "taskwatchd is running: {0}, {1}, {2} with failed tasks; sinks failing: {6}",
      "taskwatchd 运行正常：{3} 个账号，{4} 个任务，其中 {5} 个有异常作业；投递失败：{6}",
      counted(heartbeat.accounts, "account"), counted(heartbeat.jobs, "job"),
      counted(heartbeat.open_failures, "job"), heartbeat.accounts, heartbeat.jobs,
      heartbeat.open_failures, failing);
  return message;
}

ChatMessage sample_message(bool recovered, bool mention, Wall now, const ChatStyle& style) {
  JobNotice sample;
  sample.kind = recovered ? JobNoticeKind::kRecovered : JobNoticeKind::kFailures;
  sample.account = "example";
  sample.instance = "main";
  sample.job_id = "exampleJob0001";
  sample.job_name = "ota-example";
  sample.may_mention = false;
  TaskCounts counts{};
  count_of(counts, TaskStatus::kSucceeded) = recovered ? 100 : 97;
  count_of(counts, TaskStatus::kFailed) = recovered ? 0 : 3;
  sample.counts = counts;
  sample.bad = recovered ? 0 : 3;
  if (!recovered) {
    sample.devices.push_back({.task_id = "exampleTask0001",
                              .name = "example-device",
                              .message = "battery too low",
                              .status = TaskStatus::kFailed,
                              .changed_at = now - std::chrono::seconds(2),
                              .seen_at = now});
  }
  ChatMessage message = job_message(sample, style);
  message.headline = in_language(style.language, "TEST, nothing failed: {}",
                                 "测试，没有任何失败：{}", message.headline);
  constexpr std::size_t kAny = SIZE_MAX;
  if (mention && !recovered) message.sizes.push_back({kAny, kAny});
  return message;
}

}  // namespace taskwatchd
