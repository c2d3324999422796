#include "app/notifications.h"

#include <algorithm>

#include "app/state.h"
#include "notify/chat_mute.h"
#include "notify/direct_chats.h"
#include "version.h"

namespace taskwatchd {
namespace {

constexpr Duration kCountsFor = std::chrono::seconds(1);

NotifySource source_of(const Config& config, const std::string& external_url) {
  const std::string name = replica_of(config).name;
  return {{external_url, name}, {name, TASKWATCHD_VERSION}};
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

JobCounts counts_of_view(const JobView& view) {
  JobCounts counts;
  counts.instance = view.instance;
  counts.job_name = view.name;
  counts.tasks = view.statistics ? view.statistics->tasks : view.known;
  // A failure that was observed counts before the statistics show it.
  for (const TaskStatus status : kAllTaskStatuses) {
    const auto i = static_cast<std::size_t>(status);
    if (is_bad(status)) counts.tasks[i] = std::max(counts.tasks[i], view.known[i]);
  }
  if (view.overdue) {
    counts.overdue = 0;
    for (const std::uint32_t count : *view.overdue) *counts.overdue += count;
  }
  return counts;
}

}  // namespace

Notifications::Notifications(boost::asio::any_io_executor executor, Ports ports, Recorder& recorder,
                             const Fleet& fleet, const Config& config,
                             const std::string& external_url)
    : clock_(ports.clock),
      fleet_(fleet),
      mutes_(ports, [this] { notifiers_.wake(0); }),
      notifiers_(std::move(executor), ports, recorder, files_,
                 context(config, without_slash(external_url))) {
  recorder.on_store_change([this](const Event& event) { notifiers_.report(event); });
}

NotifyContext Notifications::context(const Config& config, const std::string& external_url) {
  return {
      .source = source_of(config, external_url),
      .external_url = external_url,
      .counts_of = [this](const JobKey& job) { return counts_of(job); },
      .heartbeat = [this] { return heartbeat(); },
      .utc_offset = [this](const std::string& zone, Wall at) { return zones_.offset(zone, at); },
      .mutes = [this] { return mutes_.active(); }};
}

std::optional<JobCounts> Notifications::counts_of(const JobKey& job) {
  const Mono now = clock_.now().mono;
  if (counts_.empty() || now >= counted_at_ + kCountsFor) {
    counts_.clear();
    counted_at_ = now;
    for (const AccountStatus& account : fleet_.status()) {
      for (const JobView& view : account.jobs) {
        counts_.emplace(JobKey{account.name, view.job_id}, counts_of_view(view));
      }
    }
  }
  const auto at = counts_.find(job);
  return at == counts_.end() ? std::nullopt : std::optional(at->second);
}

void Notifications::add_status(const Config& config, DaemonStatus& status) const {
  status.sinks = notifiers_.status();
  status.mutes = mutes_.active();
  for (SinkStatus& sink : status.sinks) {
    const SinkConfig* const its_config = notifiers_.find(sink.name);
    if (its_config != nullptr && is_chat(its_config->format)) {
      sink.mutes = mutes_of(status.mutes, sink.name).size();
    }
  }
  std::vector<std::string> accounts;
  for (const AccountConfig& account : config.accounts) accounts.push_back(account.name);
  status.notified_directly = directly_notified(accounts, config.sinks, status.sinks, status.mutes);
}

ChatHeartbeat Notifications::heartbeat() const {
  ChatHeartbeat line;
  for (const AccountStatus& account : fleet_.status()) {
    ++line.accounts;
    line.jobs += account.jobs.size();
    line.open_failures += static_cast<std::size_t>(
        std::count_if(account.jobs.begin(), account.jobs.end(), [](const JobView& view) {
          const TaskCounts tasks = counts_of_view(view).tasks;
          return std::any_of(kAllTaskStatuses.begin(), kAllTaskStatuses.end(), [&](TaskStatus one) {
            return is_bad(one) && count_of(tasks, one) > 0;
          });
        }));
  }
  for (const SinkStatus& sink : notifiers_.status()) {
    if (sink.failing_since) line.sinks_failing.push_back(sink.name);
  }
  return line;
}

}  // namespace taskwatchd
