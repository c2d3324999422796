// The contract of every Store as one test suite: each store instantiates it with its own World. A
// World has `Store& store()`, `void reopen()` (simulates a restart of the daemon) and
// `boost::asio::io_context& context()`.
#pragma once

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ports.h"

namespace taskwatchd {

inline Wall at(std::int64_t ms) {
  return Wall(std::chrono::milliseconds(1'800'000'000'000 + ms));
}

inline TaskRecord make_record(const std::string& account, const std::string& task,
                              TaskStatus status = TaskStatus::kQueued, std::int64_t seen = 0) {
  TaskRecord record;
  record.key = {account, task};
  record.instance = "main";
  record.last.task_id = task;
  record.last.job_id = "job-1";
  record.last.status = status;
  record.last.modified = at(seen);
  record.last.queued = at(0);
  record.first_seen = at(0);
  record.last_seen = at(seen);
  return record;
}

inline JobRecord make_job(const std::string& account, const std::string& job,
                          std::int64_t seen = 0) {
  JobRecord record;
  record.key = {account, job};
  record.instance = "main";
  record.last.job_id = job;
  record.last.created = at(-1);
  record.last.modified = at(seen);
  record.first_seen = at(0);
  record.last_seen = at(seen);
  return record;
}

inline DistributionRecord make_distribution(const std::string& account, const std::string& id,
                                            std::int64_t seen = 0) {
  DistributionRecord record;
  record.key = {account, id};
  record.first_seen = at(0);
  record.last_seen = at(seen);
  return record;
}

inline TaskRecord make_task_of(const std::string& job, const std::string& task,
                               std::int64_t seen = 0) {
  TaskRecord record = make_record("prod", task, TaskStatus::kSent, seen);
  record.last.job_id = job;
  return record;
}

inline Event make_event(const std::string& account, const std::string& task, std::int64_t ts = 0) {
  Event event;
  event.ts = at(ts);
  event.name = "task_transition";
  event.msg = "task " + task + " changed";
  event.fields = {{"account", account}, {"job_id", std::string("job-1")}, {"task_id", task}};
  return event;
}

// Runs the loop until the call has returned.
template <typename Result>
Result wait(boost::asio::io_context& context, Awaitable<Result> call) {
  std::optional<Result> result;
  const auto done = [&result](std::exception_ptr thrown, Result value) {
    if (thrown) std::rethrow_exception(thrown);
    result.emplace(std::move(value));
  };
  boost::asio::co_spawn(context, std::move(call), done);
  context.restart();
  while (!result && context.run_one() != 0) {
  }
  return std::move(result.value());
}

// Loads what is stored of an account, and the records of these tasks.
inline Awaitable<std::variant<Stored, StoreError>> load(Store& store, std::string account,
                                                        std::vector<std::string> ids) {
  auto all = co_await store.load(account);
  auto records = co_await store.tasks(account, std::move(ids));
  if (auto* error = std::get_if<StoreError>(&records)) co_return std::move(*error);
  if (auto* stored = std::get_if<Stored>(&all)) {
    stored->records = std::get<std::vector<TaskRecord>>(std::move(records));
  }
  co_return all;
}

template <typename World>
class StoreContract : public testing::Test {
 protected:
  Store& store() { return world_.store(); }
  template <typename Result>
  Result wait(Awaitable<Result> call) {
    return taskwatchd::wait(world_.context(), std::move(call));
  }
  // Returns the value; fails the test if there is none.
  template <typename Value>
  Value good(Awaitable<std::variant<Value, StoreError>> call) {
    auto result = wait(std::move(call));
    if (auto* error = std::get_if<StoreError>(&result)) {
      ADD_FAILURE() << error->message;
      return Value{};
    }
    return std::move(std::get<Value>(result));
  }
  std::vector<std::uint64_t> commit(Commit commit) {
    return good(store().commit(std::move(commit))).event_ids;
  }
  std::vector<std::uint64_t> event_ids() {
    std::vector<std::uint64_t> ids;
    for (const Event& event : good(store().events_after(0, 1000, ""))) ids.push_back(event.id);
    return ids;
  }
  Stored load(std::string account, std::vector<std::string> ids) {
    return good(taskwatchd::load(store(), std::move(account), std::move(ids)));
  }
  std::vector<CounterValue> counters(std::string account, std::vector<std::string> jobs) {
    return good(store().counters(std::move(account), std::move(jobs)));
  }
  std::vector<std::string> task_ids(const std::string& account, std::vector<std::string> asked) {
    std::vector<std::string> ids;
    for (const auto& r : load(account, std::move(asked)).records) {
      ids.push_back(r.key.task_id);
    }
    return ids;
  }

  std::vector<std::string> task_ids_of_job(JobKey job, std::string after, std::size_t limit) {
    std::vector<std::string> ids;
    for (const auto& r : good(store().tasks_of_job(std::move(job), std::move(after), limit))) {
      ids.push_back(r.key.task_id);
    }
    return ids;
  }
  std::vector<std::string> job_ids(const std::string& account) {
    std::vector<std::string> ids;
    for (const auto& r : good(store().load(account)).jobs) ids.push_back(r.key.job_id);
    return ids;
  }

  World world_;
};
TYPED_TEST_SUITE_P(StoreContract);

TYPED_TEST_P(StoreContract, StartsEmpty) {
  const Stored stored = this->load("prod", {"t1"});
  EXPECT_TRUE(stored.records.empty());
  EXPECT_TRUE(this->counters("prod", {"job-1"}).empty());
  EXPECT_TRUE(stored.stored_times.empty());
  EXPECT_TRUE(stored.jobs.empty());
  EXPECT_TRUE(this->event_ids().empty());
  EXPECT_TRUE(this->task_ids_of_job({"prod", "job-1"}, "", 10).empty());
  EXPECT_TRUE(this->good(this->store().events_of_task({"prod", "t1"}, 10)).empty());
  EXPECT_EQ(this->good(this->store().cursor("log")), 0u);
  EXPECT_EQ(this->good(this->store().last_event()), 0u);
}

TYPED_TEST_P(StoreContract, RecordKeepsEveryFieldOverRestart) {
  TaskRecord r = make_record("prod", "t1", TaskStatus::kUnknown, 77);
  r.instance = "iot-cn-0";
  r.last.job_name = "an \xE6\x9B\xB4\xE6\x96\xB0";
  r.last.product_key = "a1";
  r.last.device_name = "d1";
  r.last.status_text = "PAUSED";
  r.last.progress = 12.5;
  r.last.message = std::string("zero\0byte", 9);
  r.last.status_detail = R"({"a":"'; DROP TABLE tasks; --"})";
  r.last.queued = at(-5);
  r.last.listed = true;
  r.attempt = 3;
  r.started = at(20);
  r.superseded = true;
  r.gone = true;
  this->commit({.records = {r, make_record("prod", "t2")}});
  this->world_.reopen();

  const Stored stored = this->load("prod", {"t2", "t1", "never"});
  ASSERT_EQ(stored.records.size(), 2u);
  const bool first = stored.records[0].key.task_id == "t1";
  const TaskRecord& got = stored.records[first ? 0 : 1];
  EXPECT_EQ(got.key, r.key);
  EXPECT_EQ(got.instance, r.instance);
  EXPECT_EQ(got.last.task_id, "t1");
  EXPECT_EQ(got.last.job_id, r.last.job_id);
  EXPECT_EQ(got.last.job_name, r.last.job_name);
  EXPECT_EQ(got.last.product_key, "a1");
  EXPECT_EQ(got.last.device_name, "d1");
  EXPECT_EQ(got.last.status, TaskStatus::kUnknown);
  EXPECT_EQ(got.last.status_text, "PAUSED");
  EXPECT_EQ(got.last.progress, 12.5);
  EXPECT_EQ(got.last.message, r.last.message);
  EXPECT_EQ(got.last.status_detail, r.last.status_detail);
  EXPECT_EQ(got.last.modified, at(77));
  EXPECT_EQ(got.last.queued, at(-5));
  EXPECT_FALSE(got.last.listed) << "says how the reply came, not how the task is";
  EXPECT_EQ(got.attempt, 3u);
  EXPECT_EQ(got.first_seen, at(0));
  EXPECT_EQ(got.last_seen, at(77));
  EXPECT_EQ(got.started, at(20));
  EXPECT_TRUE(got.superseded);
  EXPECT_TRUE(got.gone);
  const TaskRecord& plain = stored.records[first ? 1 : 0];
  EXPECT_EQ(plain.last.progress, std::nullopt);
  EXPECT_EQ(plain.started, std::nullopt);
  EXPECT_FALSE(plain.superseded);
  EXPECT_FALSE(plain.gone);
}

TYPED_TEST_P(StoreContract, EveryStatusComesBack) {
  Commit commit;
  for (const TaskStatus s : kAllTaskStatuses) {
    commit.records.push_back(make_record("prod", std::string(name(s)), s));
  }
  this->commit(commit);
  for (const TaskStatus s : kAllTaskStatuses) {
    const auto got = this->load("prod", {std::string(name(s))});
    ASSERT_EQ(got.records.size(), 1u) << name(s);
    EXPECT_EQ(got.records[0].last.status, s);
  }
}

TYPED_TEST_P(StoreContract, LaterRecordWins) {
  this->commit({.records = {make_record("prod", "t1", TaskStatus::kQueued, 1),
                            make_record("prod", "t1", TaskStatus::kSent, 2)}});
  auto got = this->load("prod", {"t1"});
  ASSERT_EQ(got.records.size(), 1u);
  EXPECT_EQ(got.records[0].last.status, TaskStatus::kSent);
  this->commit({.records = {make_record("prod", "t1", TaskStatus::kFailed, 3)}});
  got = this->load("prod", {"t1"});
  ASSERT_EQ(got.records.size(), 1u);
  EXPECT_EQ(got.records[0].last.status, TaskStatus::kFailed);
}

TYPED_TEST_P(StoreContract, AccountsAreApart) {
  this->commit({.records = {make_record("a", "t1", TaskStatus::kSent),
                            make_record("b", "t1", TaskStatus::kFailed)},
                .counters = {{{"a", "j", Counter::kTransitions, TaskStatus::kSent}, 1}},
                .stored_times = {{"a", "alive", at(1)}}});
  const Stored b = this->load("b", {"t1"});
  ASSERT_EQ(b.records.size(), 1u);
  EXPECT_EQ(b.records[0].last.status, TaskStatus::kFailed);
  EXPECT_TRUE(this->counters("b", {"j"}).empty());
  EXPECT_EQ(this->counters("a", {"j"}).size(), 1u);
  EXPECT_TRUE(b.stored_times.empty());
}

TYPED_TEST_P(StoreContract, EventsComeBackInOrderWithTheirIds) {
  Event rich = make_event("prod", "t1", 5);
  rich.level = Level::kWarn;
  rich.fields.push_back({"attempt", std::int64_t{2}});
  rich.fields.push_back({"progress", 33.5});
  rich.fields.push_back({"anomaly", true});
  rich.fields.push_back({"inferred", StringList{"SENT", "IN_PROGRESS"}});
  rich.fields.push_back({"labels", StringMap{{"team", "ota"}}});
  const auto ids = this->commit({.events = {rich, make_event("prod", "t2", 6)}});
  ASSERT_EQ(ids.size(), 2u);
  EXPECT_LT(0u, ids[0]);
  EXPECT_LT(ids[0], ids[1]);
  const auto more = this->commit({.events = {make_event("prod", "t1", 7)}});
  ASSERT_EQ(more.size(), 1u);
  EXPECT_LT(ids[1], more[0]);
  EXPECT_EQ(this->good(this->store().last_event()), more[0]);
  this->world_.reopen();

  const auto all = this->good(this->store().events_after(0, 100, ""));
  ASSERT_EQ(all.size(), 3u);
  rich.id = ids[0];
  EXPECT_EQ(all[0], rich);
  EXPECT_EQ(all[1].id, ids[1]);
  EXPECT_EQ(all[2].id, more[0]);
  const auto one = this->good(this->store().events_after(ids[0], 1, ""));
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].id, ids[1]);
  EXPECT_TRUE(this->good(this->store().events_after(more[0], 100, "")).empty());
}

TYPED_TEST_P(StoreContract, EventsOfOneAccount) {
  const auto ids = this->commit({.events = {make_event("prod", "t1"), make_event("other", "t1"),
                                            make_event("prod", "t2"), make_event("prod", "t3")}});
  std::vector<std::uint64_t> found;
  for (const Event& event : this->good(this->store().events_after(ids[0], 2, "prod"))) {
    found.push_back(event.id);
  }
  EXPECT_THAT(found, testing::ElementsAre(ids[2], ids[3]));
  EXPECT_TRUE(this->good(this->store().events_after(0, 9, "a")).empty());
}

TYPED_TEST_P(StoreContract, CountersAddUpAndShareTheirJobsBirth) {
  const CounterKey failed{"prod", "j1", Counter::kTransitions, TaskStatus::kFailed};
  const CounterKey seen{"prod", "j1", Counter::kFirstSeen, TaskStatus::kFailed};
  this->commit({.events = {make_event("prod", "t1", 100)}, .counters = {{failed, 2}, {failed, 3}}});
  this->commit({.events = {make_event("prod", "t1", 200)}, .counters = {{failed, 1}, {seen, 0}}});
  this->world_.reopen();
  this->commit({.counters = {{{"prod", "j2", Counter::kTransitions, TaskStatus::kSent}, 1}}});
  EXPECT_EQ(this->counters("prod", {"j2", "j1"}).size(), 3u);
  const auto counters = this->counters("prod", {"never", "j1"});
  ASSERT_EQ(counters.size(), 2u);
  for (const CounterValue& c : counters) {
    EXPECT_EQ(c.value, c.key == failed ? 6u : 0u);
    EXPECT_EQ(c.created, at(100));
  }
}

TYPED_TEST_P(StoreContract, JobKeepsEveryFieldOverRestart) {
  JobRecord r = make_job("prod", "j1", 77);
  r.last.job_name = "an \xE6\x9B\xB4\xE6\x96\xB0";
  r.last.type = "CUSTOM_JOB";
  r.last.status = JobStatus::kUnknown;
  r.last.status_text = "PAUSED";
  r.last.timeout = std::chrono::microseconds(1'800'000'001);
  r.last.rollout_per_minute = 16.5;
  r.last.scheduled = at(33);
  r.baselined = true;
  r.ended = at(70);
  this->commit({.jobs = {r, make_job("prod", "j2"), make_job("other", "j3")}});
  this->world_.reopen();

  const auto jobs = this->load("prod", {}).jobs;
  ASSERT_EQ(jobs.size(), 2u);
  const bool first = jobs[0].key.job_id == "j1";
  const JobRecord& got = jobs[first ? 0 : 1];
  EXPECT_EQ(got.key, r.key);
  EXPECT_EQ(got.instance, "main");
  EXPECT_EQ(got.last.job_id, "j1");
  EXPECT_EQ(got.last.job_name, r.last.job_name);
  EXPECT_EQ(got.last.type, "CUSTOM_JOB");
  EXPECT_EQ(got.last.status, JobStatus::kUnknown);
  EXPECT_EQ(got.last.status_text, "PAUSED");
  EXPECT_EQ(got.last.timeout, r.last.timeout);
  EXPECT_EQ(got.last.rollout_per_minute, 16.5);
  EXPECT_EQ(got.last.scheduled, at(33));
  EXPECT_EQ(got.last.created, at(-1));
  EXPECT_EQ(got.last.modified, at(77));
  EXPECT_EQ(got.first_seen, at(0));
  EXPECT_EQ(got.last_seen, at(77));
  EXPECT_TRUE(got.baselined);
  EXPECT_EQ(got.ended, at(70));
  const JobRecord& plain = jobs[first ? 1 : 0];
  EXPECT_EQ(plain.last.timeout, std::nullopt);
  EXPECT_EQ(plain.last.rollout_per_minute, std::nullopt);
  EXPECT_EQ(plain.last.scheduled, std::nullopt);
  EXPECT_FALSE(plain.baselined);
  EXPECT_EQ(plain.ended, std::nullopt);
}

TYPED_TEST_P(StoreContract, LaterJobWinsAndEveryStatusComesBack) {
  for (const JobStatus status : kAllJobStatuses) {
    JobRecord later = make_job("prod", "j1", 2);
    later.last.status = status;
    this->commit({.jobs = {make_job("prod", "j1", 1), later}});
    const auto jobs = this->load("prod", {}).jobs;
    ASSERT_EQ(jobs.size(), 1u);
    EXPECT_EQ(jobs[0].last.status, status);
    EXPECT_EQ(jobs[0].last_seen, at(2));
  }
}

TYPED_TEST_P(StoreContract, DistributionKeepsEveryFieldOverRestart) {
  DistributionRecord r = make_distribution("prod", "d1", 77);
  r.last.distribution_id = "d1";
  r.last.status = DistributionStatus::kUnknown;
  r.last.status_text = "7";
  r.last.product_key = "pk";
  r.last.source_instance = "iot-a";
  r.last.target_instances = {"iot-b", "iot-c"};
  r.last.total = 3;
  r.last.created = at(5);
  r.ended = at(70);
  r.result_read = at(71);
  r.fetch_begun = at(72);
  r.refusals = 2;
  DistributionResult result;
  result.format = ResultFormat::kCsv;
  result.understood = true;
  result.failed = 1;
  result.codes = {{"6401", 1}};
  result.failed_devices = {{"pk", "dev \"1\"", "6401", "\xE6\x9B\xB4"}};
  r.result = std::make_shared<const DistributionResult>(std::move(result));
  this->commit({.distributions = {r, make_distribution("prod", "d2")}});
  this->commit({.distributions = {make_distribution("other", "d3")}});
  this->world_.reopen();
  const auto all = this->load("prod", {}).distributions;
  ASSERT_EQ(all.size(), 2u);
  const bool first = all[0].key.distribution_id == "d1";
  const DistributionRecord& got = all[first ? 0 : 1];
  EXPECT_EQ(got.key, r.key);
  EXPECT_EQ(got.last.distribution_id, "d1");
  EXPECT_EQ(got.last.status, DistributionStatus::kUnknown);
  EXPECT_EQ(got.last.status_text, "7");
  EXPECT_EQ(got.last.product_key, "pk");
  EXPECT_EQ(got.last.source_instance, "iot-a");
  EXPECT_EQ(got.last.target_instances, r.last.target_instances);
  EXPECT_EQ(got.last.total, 3u);
  EXPECT_EQ(got.last.created, at(5));
  EXPECT_EQ(got.first_seen, at(0));
  EXPECT_EQ(got.last_seen, at(77));
  EXPECT_EQ(got.ended, at(70));
  EXPECT_EQ(got.result_read, at(71));
  EXPECT_EQ(got.fetch_begun, at(72));
  EXPECT_EQ(got.refusals, 2u);
  ASSERT_TRUE(got.result);
  EXPECT_EQ(got.result->codes, r.result->codes);
  EXPECT_EQ(got.result->failed_devices, r.result->failed_devices);
  const DistributionRecord& bare = all[first ? 1 : 0];
  EXPECT_TRUE(bare.last.distribution_id.empty()) << "never read";
  EXPECT_FALSE(bare.result || bare.ended || bare.last.total || bare.fetch_begun);
}

TYPED_TEST_P(StoreContract, PruneKeepsWatchedDistributions) {
  this->commit({.distributions = {make_distribution("prod", "kept", 10),
                                  make_distribution("prod", "lost", 10),
                                  make_distribution("prod", "new", 90)}});
  this->good(
      this->store().prune(at(50), {.tasks = {}, .jobs = {}, .distributions = {{"prod", "kept"}}}));
  std::vector<std::string> left;
  for (const auto& one : this->load("prod", {}).distributions) {
    left.push_back(one.key.distribution_id);
  }
  EXPECT_THAT(left, testing::UnorderedElementsAre("kept", "new"));
}

TYPED_TEST_P(StoreContract, AJobsTasksComeInPartsRisingById) {
  Commit commit;
  for (const char* id : {"t3", "T9", "t10", "t1", "t2"}) {
    commit.records.push_back(make_task_of("j1", id));
  }
  commit.records.push_back(make_task_of("j2", "t11"));
  commit.records.push_back(make_record("other", "t12"));
  commit.records.back().last.job_id = "j1";
  commit.records[0].last.status = TaskStatus::kFailed;
  this->commit(commit);
  this->world_.reopen();
  EXPECT_THAT(this->task_ids_of_job({"prod", "j1"}, "", 2), testing::ElementsAre("T9", "t1"));
  EXPECT_THAT(this->task_ids_of_job({"prod", "j1"}, "t1", 2), testing::ElementsAre("t10", "t2"));
  EXPECT_THAT(this->task_ids_of_job({"prod", "j1"}, "t2", 2), testing::ElementsAre("t3"));
  EXPECT_TRUE(this->task_ids_of_job({"prod", "j1"}, "t3", 2).empty());
  EXPECT_THAT(this->task_ids_of_job({"prod", "j1"}, "t11", SIZE_MAX),
              testing::ElementsAre("t2", "t3"));
  EXPECT_THAT(this->task_ids_of_job({"prod", "j2"}, "", 9), testing::ElementsAre("t11"));
  EXPECT_THAT(this->task_ids_of_job({"other", "j1"}, "", 9), testing::ElementsAre("t12"));
  EXPECT_TRUE(this->task_ids_of_job({"prod", "j"}, "", 9).empty());
  EXPECT_TRUE(this->task_ids_of_job({"prod", "j1"}, "", 0).empty());
  const auto last = this->good(this->store().tasks_of_job({"prod", "j1"}, "t2", 1));
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0].last.status, TaskStatus::kFailed);
}

TYPED_TEST_P(StoreContract, ATaskThatNamesAnotherJobMovesThere) {
  this->commit({.records = {make_task_of("j1", "t1")}});
  this->commit({.records = {make_task_of("j2", "t1")}});
  EXPECT_TRUE(this->task_ids_of_job({"prod", "j1"}, "", 9).empty());
  EXPECT_THAT(this->task_ids_of_job({"prod", "j2"}, "", 9), testing::ElementsAre("t1"));
}

TYPED_TEST_P(StoreContract, ATasksNewestEventsRising) {
  const auto ids =
      this->commit({.events = {make_event("prod", "t1", 1), make_event("prod", "t2", 2),
                               make_event("other", "t1", 3), make_event("prod", "t1", 4),
                               make_event("prod", "t1", 5)}});
  this->world_.reopen();
  const auto found = [this](TaskKey key, std::size_t limit) {
    std::vector<std::uint64_t> of_task;
    for (const Event& event : this->good(this->store().events_of_task(std::move(key), limit))) {
      of_task.push_back(event.id);
    }
    return of_task;
  };
  EXPECT_THAT(found({"prod", "t1"}, 9), testing::ElementsAre(ids[0], ids[3], ids[4]));
  EXPECT_THAT(found({"prod", "t1"}, 2), testing::ElementsAre(ids[3], ids[4]));
  EXPECT_THAT(found({"other", "t1"}, SIZE_MAX), testing::ElementsAre(ids[2]));
  EXPECT_TRUE(found({"prod", "t"}, 9).empty());
  const auto newest = this->good(this->store().events_of_task({"prod", "t1"}, 1));
  ASSERT_EQ(newest.size(), 1u);
  EXPECT_EQ(newest[0].ts, at(5));
  EXPECT_EQ(newest[0].msg, "task t1 changed");
}

TYPED_TEST_P(StoreContract, MarksAreReplaced) {
  this->commit({.stored_times = {{"prod", "alive", at(1)}, {"prod", "success:QueryTask", at(2)}}});
  this->commit({.stored_times = {{"prod", "alive", at(9)}}});
  this->world_.reopen();
  const auto stored_times = this->load("prod", {}).stored_times;
  ASSERT_EQ(stored_times.size(), 2u);
  for (const StoredTime& stored_time : stored_times)
    EXPECT_EQ(stored_time.at, stored_time.key == "alive" ? at(9) : at(2));
}

TYPED_TEST_P(StoreContract, CursorsMoveForwardOnly) {
  this->commit({.cursors = {{"log", 7}, {"sse", 3}}});
  this->commit({.cursors = {{"log", 5}, {"sse", 4}}});
  this->world_.reopen();
  EXPECT_EQ(this->good(this->store().cursor("log")), 7u);
  EXPECT_EQ(this->good(this->store().cursor("sse")), 4u);
  EXPECT_EQ(this->good(this->store().cursor("other")), 0u);
}

TYPED_TEST_P(StoreContract, ASinkKeepsItsPlaceAndItsMemory) {
  EXPECT_EQ(this->good(this->store().sink("prod")), std::nullopt);
  const SinkState first{"prod", 0, "", at(1)};
  this->commit({.sinks = {first}});
  EXPECT_EQ(this->good(this->store().sink("prod")), first)
      << "known, although nothing is delivered";
  const SinkState next{"prod", 7, "{\"jobs\":[\"\xc3\xa4\"]}", at(2), at(1)};
  this->commit({.sinks = {next}});
  this->commit({.sinks = {{"prod", 6, "late", at(3)}}});
  this->world_.reopen();
  EXPECT_EQ(this->good(this->store().sink("prod")), next) << "a late commit moves nothing back";
  const SinkState same{"prod", 7, "more", at(4)};
  this->commit({.sinks = {same}});
  EXPECT_EQ(this->good(this->store().sink("prod")), same);
  EXPECT_EQ(this->good(this->store().sink("other")), std::nullopt);
}

TYPED_TEST_P(StoreContract, ASinkThatIsAwayKeepsNoEventsAndIsForgotten) {
  const auto ids = this->commit({.events = {make_event("prod", "t1", 10)}});
  this->commit(
      {.cursors = {{"log", ids[0]}}, .sinks = {{"prod", 0, "", at(49)}, {"a", 0, "", at(50)}}});
  this->good(this->store().prune(at(50), {}));
  EXPECT_TRUE(this->event_ids().empty());
  EXPECT_EQ(this->good(this->store().sink("prod")), std::nullopt);
  EXPECT_NE(this->good(this->store().sink("a")), std::nullopt);
}

TYPED_TEST_P(StoreContract, AMuteCanBeEndedAndIsPrunedLater) {
  EXPECT_TRUE(this->good(this->store().mutes()).empty());
  Mute all{"00000001", "", "", "", "upgrade of \xc3\xa4", "ops from 127.0.0.1", at(1), at(90)};
  const Mute one{"00000002", "chat", "prod", "ota-*", "", "", at(2), at(50)};
  this->commit({.mutes = {all, one}});
  all.until = at(49);
  this->commit({.mutes = {all}});
  this->world_.reopen();
  EXPECT_EQ(this->good(this->store().mutes()), (std::vector<Mute>{all, one}));
  this->good(this->store().prune(at(50), {}));
  EXPECT_EQ(this->good(this->store().mutes()), std::vector<Mute>{one});
}

TYPED_TEST_P(StoreContract, PruneDropsOldUnwatchedRecords) {
  this->commit({.records = {make_record("prod", "old", TaskStatus::kFailed, 10),
                            make_record("prod", "watched", TaskStatus::kFailed, 10),
                            make_record("other", "watched", TaskStatus::kFailed, 10),
                            make_record("prod", "edge", TaskStatus::kFailed, 50),
                            make_record("prod", "new", TaskStatus::kFailed, 90)}});
  this->good(this->store().prune(
      at(50), {.tasks = {{"prod", "watched"}}, .jobs = {}, .distributions = {}}));
  EXPECT_THAT(this->task_ids("prod", {"old", "watched", "edge", "new"}),
              testing::UnorderedElementsAre("watched", "edge", "new"));
  EXPECT_TRUE(this->task_ids("other", {"watched"}).empty());
}

TYPED_TEST_P(StoreContract, PruneKeepsWatchedJobsAndTheirTasks) {
  const auto ids =
      this->commit({.records = {make_task_of("kept", "t1", 10), make_task_of("lost", "t2", 10),
                                make_task_of("lost", "t3", 90)},
                    .jobs = {make_job("prod", "kept", 10), make_job("prod", "lost", 10),
                             make_job("prod", "new", 90), make_job("other", "kept", 10)},
                    .events = {make_event("prod", "t1", 10), make_event("prod", "t2", 10)}});
  this->commit({.cursors = {{"log", ids[1]}}});
  this->good(
      this->store().prune(at(50), {.tasks = {}, .jobs = {{"prod", "kept"}}, .distributions = {}}));
  EXPECT_THAT(this->task_ids("prod", {"t1", "t2", "t3"}),
              testing::UnorderedElementsAre("t1", "t3"));
  EXPECT_THAT(this->job_ids("prod"), testing::UnorderedElementsAre("kept", "new"));
  EXPECT_TRUE(this->job_ids("other").empty());
  EXPECT_THAT(this->event_ids(), testing::ElementsAre(ids[0])) << "its task has a record";
  EXPECT_THAT(this->task_ids_of_job({"prod", "lost"}, "", 9), testing::ElementsAre("t3"));
}

TYPED_TEST_P(StoreContract, PruneDeletesTheStoredTimesOfAJobWithIt) {
  Commit commit{.jobs = {make_job("prod", "kept", 10), make_job("prod", "lost", 10)}};
  for (const char* key : {"alive", "stalled:kept", "unreported:kept", "stalled:lost",
                          "unreported:lost", "stalled:los", "stalled:lost2"}) {
    commit.stored_times.push_back({"prod", key, at(1)});
  }
  commit.stored_times.push_back({"other", "stalled:lost", at(1)});
  this->commit(std::move(commit));
  this->good(
      this->store().prune(at(50), {.tasks = {}, .jobs = {{"prod", "kept"}}, .distributions = {}}));
  std::vector<std::string> left;
  for (const StoredTime& one : this->load("prod", {}).stored_times) left.push_back(one.key);
  EXPECT_THAT(left, testing::UnorderedElementsAre("alive", "stalled:kept", "unreported:kept",
                                                  "stalled:los", "stalled:lost2"));
  EXPECT_EQ(this->load("other", {}).stored_times.size(), 1u);
}

TYPED_TEST_P(StoreContract, AJobAloneIsACommitAndGivesItsInstant) {
  this->commit({.jobs = {make_job("prod", "j1", 40)},
                .counters = {{{"prod", "j1", Counter::kTransitions, TaskStatus::kSent}, 1}}});
  EXPECT_EQ(this->job_ids("prod").size(), 1u);
  const auto counters = this->counters("prod", {"j1"});
  ASSERT_EQ(counters.size(), 1u);
  EXPECT_EQ(counters[0].created, at(40));
}

TYPED_TEST_P(StoreContract, PruneKeepsEventsThatAreStillNeeded) {
  const auto ids = this->commit({.records = {make_record("prod", "kept", TaskStatus::kSent, 10)},
                                 .events = {make_event("prod", "kept", 10),     // has a record
                                            make_event("prod", "lost", 10),     // deleted
                                            make_event("prod", "lost", 90),     // too recent
                                            make_event("prod", "lost", 10)}});  // one sink lacks it
  this->good(
      this->store().prune(at(50), {.tasks = {{"prod", "kept"}}, .jobs = {}, .distributions = {}}));
  EXPECT_EQ(this->event_ids(), ids) << "no sink is known yet: nothing was delivered";
  this->commit({.cursors = {{"log", ids[3]}, {"sse", ids[2]}}});
  this->good(
      this->store().prune(at(50), {.tasks = {{"prod", "kept"}}, .jobs = {}, .distributions = {}}));
  EXPECT_THAT(this->event_ids(), testing::ElementsAre(ids[0], ids[2], ids[3]));
}

TYPED_TEST_P(StoreContract, IdsAreNotReusedAfterPruning) {
  const auto ids = this->commit({.events = {make_event("prod", "t1"), make_event("prod", "t1")}});
  this->commit({.cursors = {{"log", ids[1]}}});
  this->good(this->store().prune(at(50), {}));
  ASSERT_TRUE(this->event_ids().empty());
  this->world_.reopen();
  const auto next = this->commit({.events = {make_event("prod", "t1", 60)}});
  EXPECT_GT(next.at(0), ids[1]);
}

// A watched job keeps its counters, although its events and tasks were deleted.
TYPED_TEST_P(StoreContract, PruningLowersNoCounterOfAWatchedJob) {
  const CounterKey key{"prod", "job-1", Counter::kTransitions, TaskStatus::kFailed};
  const auto ids = this->commit({.records = {make_task_of("other", "t1")},
                                 .events = {make_event("prod", "t1")},
                                 .counters = {{key, 4}},
                                 .stored_times = {{"prod", "alive", at(0)}}});
  this->commit({.cursors = {{"log", ids[0]}}});
  this->good(
      this->store().prune(at(50), {.tasks = {}, .jobs = {{"prod", "job-1"}}, .distributions = {}}));
  EXPECT_TRUE(this->event_ids().empty());
  EXPECT_TRUE(this->load("prod", {"t1"}).records.empty());
  const auto counters = this->counters("prod", {"job-1"});
  ASSERT_EQ(counters.size(), 1u);
  EXPECT_EQ(counters[0].value, 4u);
  EXPECT_EQ(this->load("prod", {}).stored_times.size(), 1u);
}

TYPED_TEST_P(StoreContract, PruneDropsCountersOfJobsThatAreOldAndNotWatched) {
  const auto begun = [](const std::string& account, const std::string& job, std::int64_t when) {
    return Commit{.counters = {{{account, job, Counter::kTransitions, TaskStatus::kSent}, 1},
                               {{account, job, Counter::kFirstSeen, TaskStatus::kQueued}, 1}},
                  .stored_times = {{account, "alive", at(when)}}};
  };
  for (const char* job : {"old", "watched", "job-left", "task-left"}) {
    this->commit(begun("prod", job, 10));
  }
  this->commit(begun("other", "watched", 10));
  this->commit(begun("prod", "edge", 50));
  this->commit(begun("prod", "young", 90));
  this->commit({.records = {make_task_of("task-left", "t1", 90), make_task_of("old", "t2", 10)},
                .jobs = {make_job("prod", "job-left", 90), make_job("prod", "old", 10)}});
  this->good(this->store().prune(
      at(50), {.tasks = {}, .jobs = {{"prod", "watched"}}, .distributions = {}}));
  this->world_.reopen();
  std::map<std::string, int> left;
  for (const CounterValue& value :
       this->counters("prod", {"old", "watched", "job-left", "task-left", "edge", "young"})) {
    ++left[value.key.job_id];
  }
  EXPECT_THAT(left, testing::ElementsAre(testing::Pair("edge", 2), testing::Pair("job-left", 2),
                                         testing::Pair("task-left", 2), testing::Pair("watched", 2),
                                         testing::Pair("young", 2)));
  EXPECT_TRUE(this->counters("other", {"watched"}).empty());
  // A job that returns starts from scratch with a new creation time.
  this->commit(begun("prod", "old", 95));
  this->good(this->store().prune(at(50), {}));
  EXPECT_EQ(this->counters("prod", {"old"}).at(0).created, at(95));
}

TYPED_TEST_P(StoreContract, CallsAreCarriedOutInOrder) {
  auto& context = this->world_.context();
  std::vector<std::uint64_t> order;
  const auto note = [&order](std::exception_ptr, std::variant<Committed, StoreError> result) {
    order.push_back(std::get<Committed>(result).event_ids.at(0));
  };
  for (int i = 0; i < 20; ++i) {
    Commit commit{.records = {make_record("prod", "t1", TaskStatus::kSent, i)},
                  .events = {make_event("prod", "t1", i)}};
    boost::asio::co_spawn(context, this->store().commit(std::move(commit)), note);
  }
  const auto last = this->load("prod", {"t1"});
  EXPECT_EQ(last.records.at(0).last_seen, at(19));
  EXPECT_EQ(order.size(), 20u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

REGISTER_TYPED_TEST_SUITE_P(
    StoreContract, StartsEmpty, RecordKeepsEveryFieldOverRestart, EveryStatusComesBack,
    LaterRecordWins, AccountsAreApart, EventsComeBackInOrderWithTheirIds, EventsOfOneAccount,
    CountersAddUpAndShareTheirJobsBirth, JobKeepsEveryFieldOverRestart,
    LaterJobWinsAndEveryStatusComesBack, DistributionKeepsEveryFieldOverRestart,
    PruneKeepsWatchedDistributions, AJobsTasksComeInPartsRisingById,
    ATaskThatNamesAnotherJobMovesThere, ATasksNewestEventsRising,
    PruneKeepsWatchedJobsAndTheirTasks, PruneDeletesTheStoredTimesOfAJobWithIt,
    AJobAloneIsACommitAndGivesItsInstant, MarksAreReplaced, CursorsMoveForwardOnly,
    ASinkKeepsItsPlaceAndItsMemory, ASinkThatIsAwayKeepsNoEventsAndIsForgotten,
    AMuteCanBeEndedAndIsPrunedLater, PruneDropsOldUnwatchedRecords,
    PruneKeepsEventsThatAreStillNeeded, IdsAreNotReusedAfterPruning,
    PruningLowersNoCounterOfAWatchedJob, PruneDropsCountersOfJobsThatAreOldAndNotWatched,
    CallsAreCarriedOutInOrder);

}  // namespace taskwatchd
