#include "server/event_answers.h"

#include <algorithm>
#include <set>

#include "core/events/event_text.h"
#include "core/events/json.h"
#include "server/api_parameters.h"
#include "view/json_fields.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kPart = 100;          // events written at once: about ten kilobytes
constexpr std::size_t kEventsOnLoop = 100;  // a page of more is made on another thread
constexpr char kBegin[] = "retry: 2000\n";  // ms until a client reconnects

ApiReply unreadable(const StoreError& error) {
  return {503, {}, "unavailable", "cannot read events: " + error.message};
}

std::string to_sse(const Event& event) {
  return "id: " + std::to_string(event.id) + "\nevent: " + event.name +
         "\ndata: " + to_json(event) + "\n\n";
}

std::string page_json(const std::vector<Event>& events, std::uint64_t next, bool more) {
  std::vector<std::string> items;
  items.reserve(events.size());
  for (const Event& event : events) items.push_back(to_json(event));
  JsonObject json;
  json.add("next", counted(next)).add("more", more);
  return json.add_json("events", json_list(items)).text();
}

}  // namespace

struct EventAnswers::Open {
  std::set<EventStream*> streams;
  bool stopped = false;
};

class EventStream : public WebStream {
 public:
  EventStream(std::shared_ptr<EventAnswers::Open> open, Store& store, Clock& clock)
      : open_(std::move(open)), store_(store), clock_(clock), alarm_(clock.make_alarm()) {
    open_->streams.insert(this);
  }
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;
  ~EventStream() override { open_->streams.erase(this); }

  void begin_after(std::uint64_t id) { last_ = id; }
  void wake() { alarm_->ring(); }
  void end() override {
    ended_ = true;
    alarm_->ring();
  }

  Awaitable<std::string> next() override {
    if (!std::exchange(begun_, true)) {
      // Clients remember an id without data: one that is disconnected before the first event misses
      // none.
      co_return kBegin + ("id: " + std::to_string(last_)) + "\n\n";
    }
    const Mono beat = clock_.now().mono + EventAnswers::kHeartbeat;
    while (!ended_) {
      const auto found = co_await store_.events_after(last_, kPart, "");
      if (ended_) break;
      const auto* const events = std::get_if<std::vector<Event>>(&found);
      if (events != nullptr && !events->empty()) {
        std::string part;
        for (const Event& event : *events) part += to_sse(event);
        last_ = events->back().id;
        co_return part;
      }
      const Mono now = clock_.now().mono;
      if (now >= beat) co_return ":\n\n";
      co_await alarm_->wait_until(events == nullptr ? std::min(beat, now + kStoreRetry) : beat);
    }
    co_return std::string();
  }

 private:
  std::shared_ptr<EventAnswers::Open> open_;
  Store& store_;
  Clock& clock_;
  std::unique_ptr<Alarm> alarm_;
  std::uint64_t last_ = 0;
  bool begun_ = false;
  bool ended_ = false;
};

EventAnswers::EventAnswers(Store& store, Clock& clock)
    : store_(store), clock_(clock), open_(std::make_shared<Open>()) {}

void EventAnswers::wake() {
  for (EventStream* const stream : open_->streams) stream->wake();
}

void EventAnswers::stop() {
  open_->stopped = true;
  for (EventStream* const stream : open_->streams) stream->end();
}

Awaitable<std::optional<ApiReply>> EventAnswers::not_kept(std::uint64_t id) {
  if (id == 0) co_return std::nullopt;
  const auto found = co_await store_.events_after(id - 1, 1, "");
  if (const auto* error = std::get_if<StoreError>(&found)) co_return unreadable(*error);
  const auto& events = std::get<std::vector<Event>>(found);
  if (!events.empty() && events.front().id == id) co_return std::nullopt;
  co_return ApiReply{410,
                     {},
                     "gone",
                     "event " + std::to_string(id) +
                         " has been deleted: events may be missing after it. Read the tasks again "
                         "and continue without an id, or after 0 for all events that are kept"};
}

Awaitable<ApiReply> EventAnswers::transitions(ApiQuestion question) {
  ApiParameters parameters(question);
  std::optional<std::uint64_t> since = parameters.event_id("since");
  const std::uint64_t limit = parameters.limit();
  if (parameters.wrong()) co_return *parameters.wrong();
  if (since) {
    if (auto refusal = co_await not_kept(*since)) co_return *std::move(refusal);
  } else {
    const auto newest = co_await store_.last_event();
    if (const auto* error = std::get_if<StoreError>(&newest)) co_return unreadable(*error);
    const std::uint64_t id = std::get<std::uint64_t>(newest);
    since = id - std::min(id, limit);
  }
  auto found = co_await store_.events_after(*since, limit + 1, "");
  if (const auto* error = std::get_if<StoreError>(&found)) co_return unreadable(*error);
  auto& events = std::get<std::vector<Event>>(found);
  const bool more = events.size() > limit;
  if (more) events.pop_back();
  const std::uint64_t next = events.empty() ? *since : events.back().id;
  const bool is_long = events.size() > kEventsOnLoop;
  auto make = [events = std::move(events), next, more] { return page_json(events, next, more); };
  co_return list_of(is_long, std::move(make));
}

Awaitable<ApiReply> EventAnswers::stream(ApiQuestion question) {
  ApiParameters parameters(question);
  std::optional<std::uint64_t> after = parameters.event_id("last_event_id");
  // A browser that reconnects sends the header, and the unchanged URL.
  if (!question.last_event_id.empty()) {
    after = decimal(question.last_event_id);
    if (!after) parameters.refuse("Last-Event-ID", "set the id of an event, a decimal number");
  }
  if (parameters.wrong()) co_return *parameters.wrong();
  if (open_->stopped || open_->streams.size() >= kStreams) {
    co_return ApiReply{
        503, {}, "unavailable", std::to_string(kStreams) + " streams are open: close one"};
  }
  const auto stream = std::make_shared<EventStream>(open_, store_, clock_);
  if (after) {
    if (auto refusal = co_await not_kept(*after)) co_return *std::move(refusal);
    stream->begin_after(*after);
  } else {
    const auto newest = co_await store_.last_event();
    if (const auto* error = std::get_if<StoreError>(&newest)) co_return unreadable(*error);
    stream->begin_after(std::get<std::uint64_t>(newest));
  }
  ApiReply reply;
  reply.content_type = "text/event-stream; charset=utf-8";
  reply.stream = stream;
  co_return reply;
}

}  // namespace taskwatchd
