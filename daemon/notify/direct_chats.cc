#include "notify/direct_chats.h"

#include <algorithm>

#include "notify/chat_mute.h"

namespace taskwatchd {
namespace {

bool is_unfiltered(const SinkConfig& sink) {
  return sink.events.empty() && sink.to.empty() && sink.jobs.empty() && sink.labels.empty() &&
         sink.from == BadShare{};
}

bool delivers(const std::vector<SinkStatus>& status, const std::string& sink) {
  return std::any_of(status.begin(), status.end(), [&](const SinkStatus& one) {
    return one.name == sink && one.last_success && !one.failing_since;
  });
}

bool is_muted(const std::vector<Mute>& active, const std::string& sink,
              const std::string& account) {
  const std::vector<Mute> mutes = mutes_of(active, sink);
  return std::any_of(mutes.begin(), mutes.end(), [&](const Mute& one) {
    return one.job.empty() && (one.account.empty() || one.account == account);
  });
}

bool has_account(const SinkConfig& sink, const std::string& account) {
  return sink.accounts.empty() ||
         std::find(sink.accounts.begin(), sink.accounts.end(), account) != sink.accounts.end();
}

}  // namespace

std::map<std::string, bool> directly_notified(const std::vector<std::string>& accounts,
                                              const std::vector<SinkConfig>& sinks,
                                              const std::vector<SinkStatus>& status,
                                              const std::vector<Mute>& active) {
  std::map<std::string, bool> direct;
  for (const SinkConfig& sink : sinks) {
    if (!is_chat(sink.format)) continue;
    for (const std::string& account : accounts) {
      direct[account] =
          direct[account] || (is_unfiltered(sink) && has_account(sink, account) &&
                              delivers(status, sink.name) && !is_muted(active, sink.name, account));
    }
  }
  return direct;
}

}  // namespace taskwatchd
