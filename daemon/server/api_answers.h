// What the API answers to each question, from what the fleet holds and the store keeps. Loop's
// thread.
#pragma once

#include <functional>
#include <string>

#include "pipeline/fleet.h"
#include "ports.h"
#include "server/api_question.h"
#include "server/event_answers.h"
#include "server/task_answers.h"
#include "view/status_json.h"

namespace taskwatchd {

// What the answers ask the app.
struct ApiSources {
  std::function<bool()> ready;  // all is loaded, and nothing stops yet
  std::function<DaemonStatus()> status;
  DaemonFacts facts;
};

class ApiAnswers {
 public:
  ApiAnswers(const Fleet& fleet, Store& store, Clock& clock, ApiSources sources)
      : fleet_(fleet),
        sources_(std::move(sources)),
        tasks_(fleet, store, clock),
        events_(store, clock) {}

  // 503 while not ready.
  Awaitable<ApiReply> answer(ApiQuestion question);

  // Events were stored.
  void wake() { events_.wake(); }
  // Ends what would go on for ever.
  void stop() { events_.stop(); }

 private:
  ApiReply tasks(const ApiQuestion& question) const;
  ApiReply failed_devices(const std::string& id, const std::string& account) const;

  const Fleet& fleet_;
  ApiSources sources_;
  TaskAnswers tasks_;
  EventAnswers events_;
};

}  // namespace taskwatchd
