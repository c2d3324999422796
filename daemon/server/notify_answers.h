// The API of notifications: mutes, tests and replays of sinks. Each change is logged as
// admin_action with the user and the address. Event-loop thread only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "pipeline/fleet.h"
#include "pipeline/mute_book.h"
#include "pipeline/notifiers.h"
#include "ports.h"
#include "server/api_question.h"
#include "server/elsewhere.h"

namespace taskwatchd {

// {"messages":[{"message":"failure","code":"200","taken":true,...},...]}
std::string test_json(const std::vector<SinkTestMessage>& messages);

class NotifyAnswers {
 public:
  // All must outlive this object.
  NotifyAnswers(Notifiers& sinks, MuteBook& mutes, const Fleet& fleet, Clock& clock, Log& log,
                const Elsewhere& elsewhere)
      : sinks_(sinks),
        mutes_(mutes),
        fleet_(fleet),
        clock_(clock),
        log_(log),
        elsewhere_(elsewhere) {}

  ApiReply mutes() const;
  Awaitable<ApiReply> test(ApiQuestion question);
  Awaitable<ApiReply> replay(ApiQuestion question);
  Awaitable<ApiReply> mute(ApiQuestion question);
  Awaitable<ApiReply> unmute(ApiQuestion question);

 private:
  // Why nothing can be done with the sink here; nullopt if something can.
  std::optional<ApiReply> not_here(const std::string& sink) const;
  std::variant<Mute, ApiReply> read_mute(const ApiQuestion& question) const;
  void log_action(const ApiQuestion& question, const std::string& action, const std::string& what,
                  std::vector<Field> fields);

  Notifiers& sinks_;
  MuteBook& mutes_;
  const Fleet& fleet_;
  Clock& clock_;
  Log& log_;
  const Elsewhere& elsewhere_;
};

}  // namespace taskwatchd
