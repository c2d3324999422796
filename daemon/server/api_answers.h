// The API's responses to each query, from the fleet's memory and the state database. Event-loop
// thread only.
#pragma once

#include <functional>
#include <string>

#include "pipeline/fleet.h"
#include "ports.h"
#include "server/api_question.h"
#include "server/elsewhere.h"
#include "server/event_answers.h"
#include "server/notify_answers.h"
#include "server/task_answers.h"
#include "view/status_json.h"

namespace taskwatchd {

// What the responses need from the application.
struct ApiSources {
  std::function<bool()> ready;  // everything is loaded, and shutdown has not begun
  std::function<Awaitable<DaemonStatus>()> status;
  DaemonFacts facts;
  Elsewhere::Source replication = {};  // the replicas, if there are any
};

class ApiAnswers {
 public:
  // All must outlive this object.
  ApiAnswers(const Fleet& fleet, Notifiers& sinks, MuteBook& mutes, const Ports& ports,
             ApiSources sources)
      : fleet_(fleet),
        sources_(std::move(sources)),
        elsewhere_(fleet, sources_.replication),
        tasks_(fleet, ports.store, ports.clock, elsewhere_),
        events_(ports.store, ports.clock),
        notify_(sinks, mutes, fleet, ports.clock, ports.log, elsewhere_) {}

  // 503 while not ready.
  Awaitable<ApiReply> answer(ApiQuestion question);

  // Call it when events were stored.
  void wake() { events_.wake(); }
  // Ends the event streams.
  void stop() { events_.stop(); }

 private:
  std::vector<AccountStatus> polled(std::vector<AccountStatus> accounts) const;
  Awaitable<ApiReply> status() const;
  Awaitable<ApiReply> jobs() const;
  Awaitable<ApiReply> tasks(ApiQuestion question) const;
  ApiReply distributions() const;
  ApiReply failed_devices(const std::string& id, const std::string& account) const;

  const Fleet& fleet_;
  ApiSources sources_;
  Elsewhere elsewhere_;
  TaskAnswers tasks_;
  EventAnswers events_;
  NotifyAnswers notify_;
};

}  // namespace taskwatchd
