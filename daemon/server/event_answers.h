// The stored events for the API: one page of them, or all as they are committed (Server-Sent
// Events). A stream keeps one part in memory and reads the next by id from the state database, so a
// slow reader costs no memory. A disconnected client continues after the last id it received.
// Event-loop thread only.
#pragma once

#include <memory>

#include "ports.h"
#include "server/api_question.h"

namespace taskwatchd {

class EventStream;

class EventAnswers {
 public:
  EventAnswers(Store& store, Clock& clock);

  // ?since=ID&limit=N: the events after that id, or the newest.
  Awaitable<ApiReply> transitions(ApiQuestion question);
  // 410 if the event to continue after is no longer stored, 503 while kStreams are open.
  Awaitable<ApiReply> stream(ApiQuestion question);

  // Call it when there are new events.
  void wake();
  // Ends all streams permanently.
  void stop();

  static constexpr std::size_t kStreams = 64;  // maximum open streams
  static constexpr Duration kHeartbeat = std::chrono::seconds(15);

 private:
  // Returns nullopt if the event is stored, or `id` is 0.
  Awaitable<std::optional<ApiReply>> not_kept(std::uint64_t id);

  Store& store_;
  Clock& clock_;
  struct Open;
  friend class EventStream;
  std::shared_ptr<Open> open_;
};

}  // namespace taskwatchd
