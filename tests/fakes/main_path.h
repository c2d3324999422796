// Shared by the tests of the top level: an account, the platform's responses as outcomes and as
// bytes, and ports that record their calls.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "account/account.h"
#include "account/explain.h"
#include "account/status.h"
#include "fakes/fake_clock.h"
#include "fakes/fake_entropy.h"
#include "fakes/fake_result_files.h"
#include "fakes/memory_store.h"
#include "ports.h"

namespace taskwatchd {

inline InstanceConfig instance_of(std::string name, std::vector<std::string> tasks) {
  InstanceConfig instance;
  instance.name = std::move(name);
  instance.region = "cn-shanghai";
  instance.endpoint = "https://" + instance.name + ".example";
  instance.tasks = std::move(tasks);
  return instance;
}

inline AccountConfig account_of(std::vector<InstanceConfig> instances) {
  AccountConfig account;
  account.name = "prod";
  account.credentials.access_key_id = "LTAIone";
  for (const Api api : kAllApis) account.quota[api] = 0;
  account.quota[Api::kQueryTask] = 5;  // tests of jobs add the others
  account.instances = std::move(instances);
  return account;
}

// Begins the call and lets it leave at once.
inline Endpoint send(Account& account, const Call& call, Now now) {
  Endpoint endpoint = account.begin(call, now);
  account.departed(call, now);
  return endpoint;
}

inline TaskReply reply_of(const std::string& id, TaskStatus status, Wall modified) {
  TaskReply reply;
  reply.task_id = id;
  reply.job_id = "job";
  reply.product_key = "pk";
  reply.device_name = "dev-" + id;
  reply.status = status;
  reply.modified = modified;
  reply.queued = modified - std::chrono::hours(1);
  return reply;
}

// Returns the same response as the platform sends it.
inline HttpReply wire(const TaskReply& reply) {
  std::string body =
      R"({"RequestId":"R","Success":true,"Data":{"TaskId":")" + reply.task_id + R"(","JobId":")" +
      reply.job_id + R"(","Status":")" + std::string(name(reply.status)) + R"(","UtcModified":")" +
      rfc3339(reply.modified) + R"(","UtcQueueTime":")" + rfc3339(reply.queued) + R"("}})";
  return {200, {{"content-type", "application/json"}}, std::move(body)};
}

inline Failure failure_of(Reason reason, std::string code = "") {
  Failure failure;
  failure.reason = reason;
  failure.http_status = 400;
  failure.code = std::move(code);
  return failure;
}

inline Event event_named(std::string name) {
  Event event;
  event.name = std::move(name);
  return event;
}

inline std::vector<std::string> names(const std::vector<Event>& events) {
  std::vector<std::string> all;
  for (const Event& event : events) all.push_back(event.name);
  return all;
}

class NotedKeys : public KeySource {
 public:
  std::variant<Keys, KeyError> keys(const AccountConfig&) override {
    if (error || pending) return KeyError{error.value_or(""), pending};
    return Keys{"LTAIone", Secret(secret), Secret()};
  }
  bool refused(const AccountConfig&, const Keys& keys) override {
    ++refusals;
    if (!renew || keys.access_key_secret.reveal() != secret) return renew;
    renew = false;
    secret += "+";
    return true;
  }
  bool pending = false;
  bool renew = false;  // the next rejection changes the credentials
  int refusals = 0;
  std::optional<std::string> error;
  std::string secret = "one";
};

class NotedLog : public Log {
 public:
  void write(Event event) override { events.push_back(std::move(event)); }
  std::size_t count(const std::string& name) const {
    std::size_t n = 0;
    for (const Event& event : events) n += event.name == name ? 1 : 0;
    return n;
  }
  std::vector<Event> events;
};

// Checks that each change was stored before its observers were notified.
class NotedObserver : public Observer {
 public:
  explicit NotedObserver(MemoryStore& store) : store_(store) {}
  void call_ended(const CallEnd& call) override { calls.push_back(call); }
  void committed(const TaskChange& change, Wall) override {
    notified_early = notified_early || !store_.records().contains(change.record.key);
    changes.push_back(change);
  }
  void counted(const CounterDelta& delta, Wall) override { counts.push_back(delta); }
  void anomaly(const std::string&, Anomaly kind) override { ++anomalies[kind]; }
  void commit_took(Duration) override { ++commits; }

  std::vector<CallEnd> calls;
  std::vector<TaskChange> changes;
  std::vector<CounterDelta> counts;
  std::map<Anomaly, int> anomalies;
  int commits = 0;
  bool notified_early = false;

 private:
  MemoryStore& store_;
};

class NoHttp : public HttpClient {
 public:
  Awaitable<HttpResult> send(HttpRequest, Departed) override { co_return TransportFailure{}; }
};

// A sink that accepts events; it rejects the next `refuse` deliveries.
class NotedSink : public EventSink {
 public:
  const std::string& name() const override { return name_; }
  Awaitable<bool> deliver(std::vector<Event> events) override {
    const auto executor = co_await boost::asio::this_coro::executor;
    co_await boost::asio::post(executor, boost::asio::use_awaitable);
    ++offers;
    if (refuse > 0) {
      --refuse;
      co_return false;
    }
    for (const Event& event : events) ids.push_back(event.id);
    co_return true;
  }
  std::vector<std::uint64_t> ids;
  int offers = 0;
  int refuse = 0;

 private:
  std::string name_ = "log";
};

}  // namespace taskwatchd
