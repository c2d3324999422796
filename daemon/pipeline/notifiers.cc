#include "pipeline/notifiers.h"

#include <algorithm>
#include <utility>

#include "pipeline/chat_notifier.h"
#include "pipeline/program_notifier.h"
#include "pipeline/replay_range.h"
#include "pipeline/wait_until.h"

namespace taskwatchd {
namespace {

// A request ends after 10 s.
constexpr Duration kEndsWithin = std::chrono::seconds(15);
constexpr Duration kHandOverWithin = std::chrono::seconds(2);

}  // namespace

Notifiers::Notifiers(boost::asio::any_io_executor executor, Ports ports, Recorder& recorder,
                     LocalSecrets& files, NotifyContext context)
    : executor_(std::move(executor)),
      ports_(ports),
      recorder_(recorder),
      files_(files),
      context_(std::move(context)) {}

void Notifiers::configure(const std::vector<SinkConfig>& sinks) {
  configured_ = sinks;
  std::erase_if(before_, [](const auto& one) { return one.second.expired(); });
  std::map<std::string, Entry> before = std::exchange(entries_, {});
  for (const SinkConfig& config : sinks) {
    Entry entry;
    if (auto found = before.extract(config.name)) entry = std::move(found.mapped());
    if (entry.notifier && entry.config != config) end(entry);
    entry.config = config;
    if (!entry.notifier && (!shared_ || held_.contains(config.name))) start(entry);
    entries_.emplace(config.name, std::move(entry));
  }
  for (auto& [name, entry] : before) {
    if (entry.notifier) end(entry);
  }
}

// The one before may have requests in flight: what they deliver must not be sent a second time.
Awaitable<void> Notifiers::run(Clock& clock, std::weak_ptr<Notifier> before,
                               std::shared_ptr<Notifier> notifier) {
  const auto ended = [&before] { return before.expired(); };
  co_await wait_until(clock, kEndsWithin, ended);
  co_await notifier->run(notifier);
}

void Notifiers::start(Entry& entry) {
  if (is_chat(entry.config.format)) {
    entry.notifier =
        std::make_shared<ChatNotifier>(ports_, recorder_, files_, entry.config, context_);
  } else {
    entry.notifier = std::make_shared<ProgramNotifier>(executor_, ports_, recorder_, files_,
                                                       entry.config, context_);
  }
  spawn(executor_, run(ports_.clock, before_[entry.config.name], entry.notifier));
}

void Notifiers::end(Entry& entry) {
  entry.notifier->stop();
  before_[entry.config.name] = entry.notifier;
  entry.notifier.reset();
}

void Notifiers::acquire(const std::string& sink) {
  held_.insert(sink);
  const auto at = entries_.find(sink);
  if (at != entries_.end() && !at->second.notifier) start(at->second);
}

void Notifiers::lose(const std::string& sink) {
  held_.erase(sink);
  const auto at = entries_.find(sink);
  if (at != entries_.end() && at->second.notifier) end(at->second);
}

Awaitable<void> Notifiers::hand_over(std::string sink) {
  lose(sink);
  const std::weak_ptr<Notifier> before = before_[sink];
  const std::string lease = sink_lease(sink);
  recorder_.flush();
  const auto ended = [&] { return before.expired() && !recorder_.has_unstored(lease); };
  co_await wait_until(ports_.clock, kHandOverWithin, ended);
}

void Notifiers::wake(std::uint64_t last_id) {
  for (const auto& [name, entry] : entries_) {
    if (entry.notifier) entry.notifier->wake(last_id);
  }
}

void Notifiers::report(const Event& event) {
  for (const auto& [name, entry] : entries_) {
    if (entry.notifier) entry.notifier->report(event);
  }
}

const SinkConfig* Notifiers::find(const std::string& sink) const {
  const auto at = entries_.find(sink);
  return at == entries_.end() ? nullptr : &at->second.config;
}

bool Notifiers::runs_here(const std::string& sink) const {
  const auto at = entries_.find(sink);
  return at != entries_.end() && at->second.notifier != nullptr;
}

Awaitable<std::vector<SinkTestMessage>> Notifiers::test(std::string sink, bool mention) {
  auto messages =
      co_await test_sink(ports_.http, ports_.clock, files_, *find(sink), context_, mention);
  const auto is_taken = [](const SinkTestMessage& one) {
    return one.result.verdict == DeliveryVerdict::kTaken;
  };
  // A reload may have removed the sink meanwhile.
  if (std::all_of(messages.begin(), messages.end(), is_taken) && runs_here(sink)) {
    entries_.at(sink).notifier->on_test_taken();
  }
  co_return messages;
}

Awaitable<std::optional<std::string>> Notifiers::replay(std::string sink, Wall since) {
  const std::shared_ptr<Notifier> notifier = entries_.at(sink).notifier;
  const auto range = co_await replay_range(ports_.store, since);
  if (!range) co_return "the state database does not respond; try again";
  if (!runs_here(sink) || entries_.at(sink).notifier != notifier) {
    co_return "the sink was changed meanwhile; try again";
  }
  if (!notifier->replay(*range, since)) co_return "the replay before is not finished; wait for it";
  co_return std::nullopt;
}

void Notifiers::stop() {
  for (auto& [name, entry] : entries_) {
    if (entry.notifier) end(entry);
  }
}

std::vector<SinkStatus> Notifiers::status() const {
  std::vector<SinkStatus> all;
  for (const auto& [name, entry] : entries_) {
    if (entry.notifier) all.push_back(entry.notifier->status());
  }
  return all;
}

}  // namespace taskwatchd
