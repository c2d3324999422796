// What the API answers to each question, from what the fleet holds and the store keeps. Loop's
// thread.
#pragma once

#include <functional>

#include "fleet.h"
#include "ports.h"
#include "task_answers.h"
#include "web.h"

namespace taskwatchd {

class ApiAnswers {
 public:
  // `ready`: all is loaded, and nothing stops yet.
  ApiAnswers(const Fleet& fleet, Store& store, Clock& clock, std::function<bool()> ready)
      : fleet_(fleet), ready_(std::move(ready)), tasks_(fleet, store, clock) {}

  // 503 while not ready.
  Awaitable<ApiReply> answer(ApiQuestion question);

 private:
  ApiReply failed_devices(const ApiQuestion& question) const;

  const Fleet& fleet_;
  std::function<bool()> ready_;
  TaskAnswers tasks_;
};

}  // namespace taskwatchd
