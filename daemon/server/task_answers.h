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
#include "server/elsewhere.h"

namespace taskwatchd {

class TaskAnswers {
 public:
  TaskAnswers(const Fleet& fleet, Store& store, Clock& clock, const Elsewhere& elsewhere)
      : fleet_(fleet), store_(store), clock_(clock), elsewhere_(elsewhere) {}

  // 404 if no account watches the task, 421 if another replica holds its account, 400 if several do
  // and none is named, 503 if the state database cannot be read or kQuestions queries are waiting
  // for it.
  Awaitable<ApiReply> ask(std::string task_id, std::string account);

 private:
  static constexpr std::size_t kQuestions = 8;  // concurrent queries
  static constexpr std::size_t kHistory = 200;  // events of one task

  ApiReply not_watched(const std::string& task_id, const std::string& account) const;

  const Fleet& fleet_;
  Store& store_;
  Clock& clock_;
  const Elsewhere& elsewhere_;
  std::shared_ptr<std::size_t> open_ = std::make_shared<std::size_t>(0);
};

}  // namespace taskwatchd
