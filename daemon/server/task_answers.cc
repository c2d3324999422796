#include "server/task_answers.h"

#include <algorithm>

#include "view/task_json.h"

namespace taskwatchd {
namespace {

// Counts a query while it is open, whichever object is destroyed first.
class Open {
 public:
  explicit Open(std::shared_ptr<std::size_t> count) : count_(std::move(count)) { ++*count_; }
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  ~Open() { --*count_; }

 private:
  std::shared_ptr<std::size_t> count_;
};

ApiReply error(int status, std::string type, std::string text) {
  return {status, {}, std::move(type), std::move(text)};
}

}  // namespace

ApiReply TaskAnswers::not_watched(const std::string& task_id, const std::string& account) const {
  const auto lists = [&](const AccountConfig& config) {
    return std::any_of(
        config.instances.begin(), config.instances.end(), [&](const InstanceConfig& one) {
          return std::find(one.tasks.begin(), one.tasks.end(), task_id) != one.tasks.end();
        });
  };
  return elsewhere_.not_found("task " + task_id + " is not watched", account, lists);
}

Awaitable<ApiReply> TaskAnswers::ask(std::string task_id, std::string account) {
  const auto found = fleet_.explain(task_id, account);
  if (found.empty()) co_return not_watched(task_id, account);
  if (found.size() > 1) {
    std::string names;
    for (const Explanation& one : found) names += (names.empty() ? "" : ", ") + one.key.account;
    co_return error(400, "bad_data",
                    "several accounts watch task " + task_id + ": select one of " + names +
                        " with ?account=NAME");
  }
  if (*open_ >= kQuestions) {
    co_return error(
        503, "unavailable",
        "too many requests for single tasks are waiting for the state database; try again");
  }
  const Open open(open_);
  const TaskKey key = found.front().key;
  auto stored = co_await store_.events_of_task(key, kHistory + 1);
  if (const auto* failed = std::get_if<StoreError>(&stored)) {
    co_return error(503, "unavailable", "cannot read the history: " + failed->message);
  }
  TaskHistory history{std::get<std::vector<Event>>(std::move(stored))};
  history.cut = history.events.size() > kHistory;
  if (history.cut) history.events.erase(history.events.begin());
  // Queried again: time has passed, and a reload may have removed the task.
  const auto now = fleet_.explain(task_id, key.account);
  if (now.empty()) co_return not_watched(task_id, key.account);
  co_return ApiReply{200, task_json(now.front(), history, clock_.now().wall), {}, {}};
}

}  // namespace taskwatchd
