// Answers questions for one task: what its account holds and plans, and its stored history.
// Loop's thread. A store that stalls holds up a few questions, no other route.
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

  // 404 for a task that nobody watches, 400 if several accounts do and none is
  // named, 503 while the store does not answer or kQuestions wait for it.
  Awaitable<ApiReply> ask(std::string task_id, std::string account);

 private:
  static constexpr std::size_t kQuestions = 8;  // at one time
  static constexpr std::size_t kHistory = 200;  // events of one task

  const Fleet& fleet_;
  Store& store_;
  Clock& clock_;
  std::shared_ptr<std::size_t> open_ = std::make_shared<std::size_t>(0);
};

}  // namespace taskwatchd
