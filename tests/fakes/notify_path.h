// Shared by the tests of notifications: one run of the daemon's part from the store to a receiver,
// whose answers the test decides. The store outlives it, so that a test can restart it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fakes/fake_http.h"
#include "fakes/fake_secrets.h"
#include "fakes/main_path.h"
#include "notify/event_filter.h"
#include "pipeline/notify_context.h"
#include "pipeline/recorder.h"

namespace taskwatchd {

inline const Wall kNotifyStart = *parse_utc("2026-11-28T08:00:00Z");

// Answers every call with an error while it is down. `reads_fail` leaves commits alone.
class ShakyStore : public MemoryStore {
 public:
  bool is_down = false;
  bool reads_fail = false;
  int reads = 0;  // of events, also failed ones

  Awaitable<std::variant<Committed, StoreError>> commit(Commit commit) override {
    if (is_down) return fail<Committed>();
    return MemoryStore::commit(std::move(commit));
  }
  Awaitable<std::variant<std::vector<Event>, StoreError>> events_after(
      std::uint64_t id, std::size_t limit, std::string account) override {
    ++reads;
    if (is_down || reads_fail) return fail<std::vector<Event>>();
    return MemoryStore::events_after(id, limit, std::move(account));
  }
  Awaitable<std::variant<std::optional<SinkState>, StoreError>> sink(std::string name) override {
    if (is_down || reads_fail) return fail<std::optional<SinkState>>();
    return MemoryStore::sink(std::move(name));
  }
  Awaitable<std::variant<std::vector<Mute>, StoreError>> mutes() override {
    if (is_down || reads_fail) return fail<std::vector<Mute>>();
    return MemoryStore::mutes();
  }
  Awaitable<std::variant<std::uint64_t, StoreError>> last_event() override {
    if (is_down || reads_fail) return fail<std::uint64_t>();
    return MemoryStore::last_event();
  }

 private:
  template <typename Value>
  static Awaitable<std::variant<Value, StoreError>> fail() {
    co_return StoreError{StoreError::Kind::kUnavailable, "the store is down"};
  }
};

class SinkObserver : public NotedObserver {
 public:
  using NotedObserver::NotedObserver;
  void notified(const std::string&, Duration age) override { ages.push_back(age); }
  std::vector<Duration> ages;
};

struct NotifyLife {
  explicit NotifyLife(ShakyStore& kept, Wall start = kNotifyStart)
      : clock(context, start), store(kept) {
    files.files["/url"] = "https://chat.example/robot";
    recorder.on_events([this](std::uint64_t last) {
      if (on_events) on_events(last);
    });
    recorder.on_store_change([this](const Event& event) {
      if (on_store_change) on_store_change(event);
    });
    spawn(context.get_executor(), record());
    clock.settle();
  }
  Awaitable<void> record() { co_await recorder.run(); }

  // Runs a coroutine that a test names, to its end if it needs no time.
  template <typename Value>
  std::optional<Value> result_of(Awaitable<Value> coroutine) {
    const auto found = std::make_shared<std::optional<Value>>();
    spawn(context.get_executor(), keep(std::move(coroutine), found));
    clock.settle();
    return *found;
  }
  template <typename Value>
  static Awaitable<void> keep(Awaitable<Value> coroutine,
                              std::shared_ptr<std::optional<Value>> found) {
    found->emplace(co_await std::move(coroutine));
  }

  // Stores events, with the time of now unless they have one.
  void store_events(std::vector<Event> events) {
    Commit part;
    for (Event& event : events) {
      if (event.ts == Wall()) event.ts = clock.now().wall;
      part.events.push_back(std::move(event));
    }
    recorder.add(std::move(part), {});
    clock.settle();
  }
  // One failed task of a job; nothing about it is waited for.
  static Event failure(const std::string& task, const std::string& job = "j") {
    Event event = event_named("task_transition");
    event.level = Level::kWarn;
    event.fields = {{"account", "prod"}, {"iot_instance", "main"}, {"job_id", job},
                    {"task_id", task},   {"to", "FAILED"},         {"status_message", "no space"}};
    return event;
  }
  static Event of_account(const std::string& name, const std::string& account = "prod") {
    Event event = event_named(name);
    event.level = Level::kError;
    event.msg = name + " of " + account;
    event.fields = {{"account", account}};
    return event;
  }

  HttpResult answer(const HttpRequest& request) {
    if (judge) return judge(request);
    if (status == 0) return TransportFailure{TransportFailure::Kind::kUnreachable, "refused"};
    return HttpReply{status, answer_headers, body};
  }
  // The ids of the events in the requests, with `r` before replayed ones.
  std::vector<std::string> ids() const {
    std::vector<std::string> all;
    for (const FakeHttp::Sent& one : http.requests()) all.push_back(id_of(one.request));
    return all;
  }
  static std::string id_of(const HttpRequest& request) {
    const std::string before = R"("id":")";
    const std::size_t at = request.body.find(before) + before.size();
    const std::string mark =
        request.body.find(R"("replayed":true)") == std::string::npos ? "" : "r";
    return mark + request.body.substr(at, request.body.find('"', at) - at);
  }
  const std::string& last_body() const { return http.requests().back().request.body; }
  // How often this text was in a request.
  std::size_t count(const std::string& text) const {
    std::size_t n = 0;
    for (const FakeHttp::Sent& one : http.requests()) {
      n += one.request.body.find(text) != std::string::npos ? 1 : 0;
    }
    return n;
  }
  std::optional<SinkState> stored_sink(const std::string& name) {
    auto found = result_of(store.MemoryStore::sink(name));
    return std::get<std::optional<SinkState>>(*found);
  }
  NotifyContext notify_context() {
    return {.source = {{"", "r1"}, {"r1", "1.2.3"}},
            .external_url = "",
            .counts_of = [this](const JobKey& job) -> std::optional<JobCounts> {
              const auto at = jobs.find(job.job_id);
              return at == jobs.end() ? std::nullopt : std::optional(at->second);
            },
            .heartbeat = [this] { return numbers; },
            .utc_offset = [](const std::string&, Wall) { return 0; },
            .mutes =
                [this] {
                  std::vector<Mute> active;
                  for (const Mute& one : mutes) {
                    if (one.until > clock.now().wall) active.push_back(one);
                  }
                  return active;
                },
            .paces = paces};
  }

  boost::asio::io_context context;
  FakeClock clock;
  FakeEntropy entropy;
  FakeHttp http{clock, [this](const HttpRequest& request) { return answer(request); }};
  NotedKeys keys;
  ShakyStore& store;
  NotedLog log;
  SinkObserver observer{store};
  FakeResultFiles results{clock, no_file};
  AllLeasesHeld leases;
  Ports ports{clock, entropy, http, keys, store, log, observer, results, leases};
  Recorder recorder{ports};
  FakeSecrets files;
  std::function<void(std::uint64_t)> on_events;
  std::function<void(const Event&)> on_store_change;

  // What the receiver answers. 0: nothing.
  int status = 200;
  std::string body = "ok";
  std::vector<std::pair<std::string, std::string>> answer_headers;
  std::function<HttpResult(const HttpRequest&)> judge;

  std::map<std::string, JobCounts> jobs;  // by id
  ChatHeartbeat numbers;
  std::vector<Mute> mutes;
  std::shared_ptr<ChatPaces> paces = std::make_shared<ChatPaces>();
};

inline SinkConfig program_sink(const std::string& name = "hook",
                               SinkFormat format = SinkFormat::kCloudEvents) {
  SinkConfig sink;
  sink.name = name;
  sink.format = format;
  sink.url = "https://hook.example/in";
  return sink;
}

inline SinkConfig chat_sink(const std::string& name = "ops") {
  SinkConfig sink;
  sink.name = name;
  sink.format = SinkFormat::kSlack;
  sink.url_file = "/url";
  sink.give_up = std::chrono::hours(6);
  return sink;
}

}  // namespace taskwatchd
