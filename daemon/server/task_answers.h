// Responds to queries for one task: what its account knows and plans, and its stored history.
// Event-loop thread only. If the state database stalls, only a few of these queries wait, and no
// other route.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "pipeline/fleet.h"
#include "ports.h"
#include "server/api_question.h"

namespace taskwatchd {

class TaskAnswers {
 public:
  TaskAnswers(const Fleet& fleet, Store& store, Clock& clock)
      : fleet_(fleet), store_(store), clock_(clock) {}

  // 404 if no account watches the task, 400 if several do and none is named, 503 if the state
  // database cannot be read or kQuestions queries are waiting for it.
  Awaitable<ApiReply> ask(std::string task_id, std::string account);

 private:
  static constexpr std::size_t kQuestions = 8;  // concurrent queries
  static constexpr std::size_t kHistory = 200;  // events of one task

  const Fleet& fleet_;
  Store& store_;
  Clock& clock_;
  std::shared_ptr<std::size_t> open_ = std::make_shared<std::size_t>(0);
};

}  // namespace taskwatchd
