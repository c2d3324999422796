#include "commands/wait.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <utility>

#include "commands/query.h"
#include "commands/wait_progress.h"
#include "config/duration.h"
#include "core/types/exit_code.h"
#include "io/system/complain.h"
#include "ports.h"

namespace taskwatchd {
namespace {

constexpr Duration kAskEvery = std::chrono::seconds(5);  // poll interval of one task
constexpr int kMaxAbsent = 3;  // consecutive "not found" responses before they are accepted
// Maximum outage of an instance that has responded before
constexpr Duration kPatience = std::chrono::minutes(10);

bool stderr_is_terminal() {
  const char* term = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && term != nullptr && std::strcmp(term, "dumb") != 0;
}

// One coroutine per account, because each account has its own quota.
class Waiting {
 public:
  Waiting(const Asking& asking, AskLoop& loop)
      : asking_(asking),
        loop_(loop),
        alarm_(loop.clock().make_alarm()),
        progress_(stderr_is_terminal()) {
    for (const Target& target : asking.targets) {
      tasks_.push_back({target.task_id, {}});
      states_.push_back({});
    }
  }

  Awaitable<int> run() {
    std::map<std::size_t, bool> accounts;
    for (const Target& target : asking_.targets) accounts[target.account] = true;
    for (const auto& [account, used] : accounts) {
      ++active_;
      spawn(loop_.context().get_executor(), poll_account(account));
    }
    while (active_ > 0 && !end_) co_await alarm_->wait_until(Mono::max());
    progress_.end(tasks_);
    if (end_) co_return *end_;
    const bool all_good = std::all_of(tasks_.begin(), tasks_.end(), [](const WaitedTask& task) {
      return task.last->status == TaskStatus::kSucceeded;
    });
    co_return all_good ? kExitOk : kExitSomeBad;
  }

  void timed_out(Duration after) {
    progress_.end(tasks_);
    complain("not all tasks finished within " + format_duration(after) + ": " +
             wait_summary(tasks_));
  }

 private:
  struct State {
    Mono due = Mono::min();
    int absent = 0;  // consecutive responses that do not know the task
  };
  struct InstanceState {
    std::optional<Mono> last_success;
    std::string reported;  // the last failure printed
  };

  // Returns the unfinished task of the account that was polled least recently.
  std::optional<std::size_t> next(std::size_t account) const {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      if (asking_.targets[i].account != account) continue;
      if (tasks_[i].last && is_finished(tasks_[i].last->status)) continue;
      if (!best || states_[i].due < states_[*best].due) best = i;
    }
    return best;
  }

  Awaitable<void> poll_account(std::size_t account) {
    const auto alarm = loop_.clock().make_alarm();
    while (!end_) {
      const auto index = next(account);
      if (!index) break;
      const Mono due = states_[*index].due;
      if (loop_.clock().now().mono < due) {
        co_await alarm->wait_until(due);
        continue;
      }
      const Target& target = asking_.targets[*index];
      ApiCall call = query_task(target.task_id);
      AskResult result =
          co_await loop_.asker().ask(target.account, target.instance, std::move(call));
      states_[*index].due = loop_.clock().now().mono + kAskEvery;
      if (end_) break;
      if (auto* reply = std::get_if<TaskReply>(&result.outcome)) {
        on_success(*index, std::move(*reply));
      } else {
        on_failure(*index, std::get<Failure>(result.outcome), result.advice);
      }
    }
    --active_;
    alarm_->ring();
  }

  InstanceState& instance_of(std::size_t index) {
    return instances_[{asking_.targets[index].account, asking_.targets[index].instance}];
  }

  void on_success(std::size_t index, TaskReply reply) {
    InstanceState& instance = instance_of(index);
    instance.last_success = loop_.clock().now().mono;
    instance.reported.clear();
    states_[index].absent = 0;
    std::optional<TaskReply>& last = tasks_[index].last;
    const bool changed = !last || last->status != reply.status || last->progress != reply.progress;
    last = std::move(reply);
    if (changed) progress_.changed(tasks_[index], tasks_);
  }

  void on_failure(std::size_t index, const Failure& failure, const std::string& advice) {
    InstanceState& instance = instance_of(index);
    switch (failure.reason) {
      case Reason::kThrottled:
        report(instance, advice);  // transient
        return;
      case Reason::kTimeout:
      case Reason::kUnreachable:
      case Reason::kServerError:
      case Reason::kProtocol:
        // If an instance has never responded, a wrong setting is more likely than an outage.
        if (!instance.last_success ||
            loop_.clock().now().mono - *instance.last_success > kPatience) {
          give_up(exit_code_for(failure.reason), advice);
        } else {
          report(instance, advice);
        }
        return;
      case Reason::kNotFound:
        if (++states_[index].absent >= kMaxAbsent) {
          give_up(kExitOther, "task " + tasks_[index].task_id + ": " + advice);
        }
        return;
      case Reason::kTls:
      case Reason::kAuth:
      case Reason::kForbidden:
      case Reason::kOverdue:
      case Reason::kClockSkew:
      case Reason::kBadRequest:
        give_up(exit_code_for(failure.reason), advice);
        return;
    }
  }

  void report(InstanceState& instance, const std::string& problem) {
    if (std::exchange(instance.reported, problem) != problem) progress_.say(problem);
  }

  void give_up(int exit_code, const std::string& why) {
    end_ = exit_code;
    progress_.say(why);
  }

  const Asking& asking_;
  AskLoop& loop_;
  std::unique_ptr<Alarm> alarm_;  // rung when an account is done or all must stop
  WaitProgress progress_;
  std::vector<WaitedTask> tasks_;  // both in the order of asking_.targets
  std::vector<State> states_;
  std::map<std::pair<std::size_t, std::size_t>, InstanceState>
      instances_;  // by account and instance
  int active_ = 0;
  std::optional<int> end_;
};

}  // namespace

int wait(const WaitOptions& options) {
  auto prepared = prepare_asking(options.what);
  if (const auto* refused = std::get_if<Refusal>(&prepared)) {
    std::fputs(refused->text.c_str(), stderr);
    return kExitConfig;
  }
  const Asking& asking = std::get<Asking>(prepared);
  report_slow_pace(asking);
  AskLoop loop(asking.config);
  if (const auto refused = loop.refuse_keys(asking.targets)) {
    std::fputs(refused->text.c_str(), stderr);
    return kExitConfig;
  }
  Waiting waiting(asking, loop);
  const int exit_code = loop.run(waiting.run(), options.timeout);
  if (exit_code == kExitTimeout) waiting.timed_out(*options.timeout);
  return exit_code;
}

}  // namespace taskwatchd
