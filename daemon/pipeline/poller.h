// THE MAIN PATH: start reading at poller.cc. One poller watches one account: it sends the API calls
// that the account chooses (account.h), and passes the resulting changes to the recorder.
// Event-loop thread only. Accounts never wait for each other.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "account/account.h"
#include "core/types/explanation.h"
#include "core/types/status.h"
#include "pipeline/recorder.h"
#include "ports.h"

namespace taskwatchd {

class Poller {
 public:
  Poller(boost::asio::any_io_executor executor, Ports ports, Recorder& recorder,
         const AccountConfig& config, const Stored& stored);

  // Polls until stop(), then returns once no call is in flight (at most the HTTP client's
  // time-out).
  Awaitable<void> run();
  // `ended` is called when run() has returned, at a point where this object may be destroyed.
  void stop(std::function<void()> ended);

  // Applies a changed configuration; returns the ids of tasks that are no longer configured.
  std::vector<std::string> configure(const AccountConfig& config, const Stored& stored);

  // Stops watching everything; the results of calls in flight are discarded. For an account that is
  // no longer configured: it may be added again before these calls finish, and would see the same
  // change twice.
  void forget();

  // Another replica polls the account now: calls in flight are neither stored nor logged.
  void discard();

  // The jobs that are watched now, including discovered ones.
  std::vector<std::string> job_ids() const { return account_.job_ids(); }

  // The distributions that are watched now, by id.
  std::vector<DistributionRecord> distributions() const;

  // Calls that have begun and not finished.
  std::size_t calls_under_way() const { return account_.under_way(); }

  // Platform's clock minus ours, in seconds; nullopt until a response had a usable Date.
  std::optional<double> clock_offset() const { return account_.parts().clock_offset; }
  std::shared_ptr<const ExplicitStates> survey() const;
  // `surveyed`: a result of survey(); null: a new one.
  AccountStatus status(std::shared_ptr<const ExplicitStates> surveyed = nullptr) const;
  std::optional<Explanation> explain(const std::string& task_id) const;
  const TaskTable& tasks() const { return account_.tasks(); }
  bool watches(const std::string& task_id) const { return account_.watches(task_id); }
  const AccountConfig& config() const { return account_.config(); }

 private:
  Awaitable<void> ask(Call call, Endpoint endpoint, Now asked);
  bool keys_are_pending();
  bool ask_with_new_keys(const CallResult& answer, const Keys& used);
  void finish(const CallResult& answer);
  Awaitable<void> fetch(ResultRequest request, DistributionRecord begun);
  void record(CallEffects effects);
  void refresh(Now now);
  void check_for_new_keys();

  boost::asio::any_io_executor executor_;
  Ports ports_;
  Recorder& recorder_;
  std::unique_ptr<Alarm> alarm_;
  Account account_;
  Mono refresh_at_;
  std::optional<Keys> keys_;  // as of the last check
  int in_flight_ = 0;         // calls
  int fetches_ = 0;  // downloads of result files: they wait for other hosts, and delay no API call
  bool stopping_ = false;
  bool discarded_ = false;
  std::function<void()> ended_;
};

}  // namespace taskwatchd
