// THE MAIN PATH: start reading at poller.cc. One poller watches one account: it asks as the account
// decides (account.h), carries the calls, and hands what they change to the recorder.
// Loop's thread. Accounts never wait for each other.
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
  // `ended` is called when run() has ended, from a place where this may be destroyed.
  void stop(std::function<void()> ended);

  // Takes over a changed configuration; returns the ids of tasks no longer listed.
  std::vector<std::string> configure(const AccountConfig& config, const Stored& stored);

  // Watches nothing any more: what calls in flight still bring is nobody's. For an account that is
  // no longer configured: it may come back before they end, and would see the same change again.
  void forget();

  // The jobs that are watched now, found ones too.
  std::vector<std::string> job_ids() const { return account_.job_ids(); }

  // The distributions that are watched now, by id.
  std::vector<DistributionRecord> distributions() const;

  // Calls that are begun and not ended.
  std::size_t calls_under_way() const { return account_.under_way(); }

  // The platform's clock less ours, in s; nothing while no response had a usable Date.
  std::optional<double> clock_offset() const { return account_.parts().clock_offset; }
  AccountStatus status() const;
  std::optional<Explanation> explain(const std::string& task_id) const;
  const TaskTable& tasks() const { return account_.tasks(); }
  bool watches(const std::string& task_id) const { return account_.watches(task_id); }
  const AccountConfig& config() const { return account_.config(); }

 private:
  Awaitable<void> ask(Call call, Endpoint endpoint, Now asked);
  bool keys_are_pending();
  bool ask_with_new_keys(const Answer& answer, const Keys& used);
  void finish(const Answer& answer);
  Awaitable<void> fetch(ResultRequest request, DistributionRecord begun);
  void record(Verdict verdict);
  void refresh(Now now);
  void look_for_new_keys();

  boost::asio::any_io_executor executor_;
  Ports ports_;
  Recorder& recorder_;
  std::unique_ptr<Alarm> alarm_;
  Account account_;
  Mono refresh_at_;
  std::optional<Keys> keys_;  // as they were when last looked at
  int in_flight_ = 0;         // calls
  int fetches_ = 0;           // of result files: they wait for other hosts, and hold up no call
  bool stopping_ = false;
  std::function<void()> ended_;
};

}  // namespace taskwatchd
