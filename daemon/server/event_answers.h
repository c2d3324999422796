// The stored events for the API: a page of them, or all as they are committed (Server-Sent Events).
// A stream holds one part at a time and reads the next by id from the store, so a slow reader costs
// no memory; one that is dropped goes on after the last id it got. Loop's thread.
#pragma once

#include <memory>

#include "ports.h"
#include "server/api_question.h"

namespace taskwatchd {

class EventStream;

class EventAnswers {
 public:
  EventAnswers(Store& store, Clock& clock);

  // ?since=ID&limit=N: those after that id, or the newest.
  Awaitable<ApiReply> transitions(ApiQuestion question);
  // 410 if what it should go on after is not kept, 503 while kStreams are open.
  Awaitable<ApiReply> stream(ApiQuestion question);

  // There are new events.
  void wake();
  // Ends all streams, for good.
  void stop();

  static constexpr std::size_t kStreams = 64;  // open at one time
  static constexpr Duration kHeartbeat = std::chrono::seconds(15);

 private:
  // Nothing if the event is kept, or `id` is 0.
  Awaitable<std::optional<ApiReply>> not_kept(std::uint64_t id);

  Store& store_;
  Clock& clock_;
  struct Open;
  friend class EventStream;
  std::shared_ptr<Open> open_;
};

}  // namespace taskwatchd
