// Reloads that remove, insert, reorder and rename instances while calls are in flight. Each call
// must go to the instance that owns its item, and every item must be polled again.
#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <set>

#include "fakes/main_path.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using enum TaskStatus;

// An instance with a watched job and enough explicit tasks of another job to make that job an
// assisting one.
InstanceConfig busy(const std::string& name, const std::string& place) {
  InstanceConfig instance;
  instance.name = name;
  instance.region = "cn-shanghai";
  instance.id = "iot-" + place;
  instance.endpoint = "https://" + place + ".example";
  instance.jobs = {"watched-" + place};
  for (int i = 0; i < 25; ++i) instance.tasks.push_back(place + "-task" + std::to_string(i));
  instance.discover_jobs = DiscoverJobs{};
  return instance;
}

class ReloadTest : public testing::Test {
 protected:
  void configure(std::vector<InstanceConfig> instances) {
    AccountConfig config = account_of(std::move(instances));
    for (const Api api : kAllApis) config.quota[api] = 5;
    if (account) {
      account->configure(config, {}, now);
    } else {
      account.emplace(config, Stored{}, now);
    }
    places.clear();
    for (const InstanceConfig& instance : config.instances) {
      places[instance.name] = instance.id.substr(4);
    }
  }
  // Returns the instance of the call's item; empty for ListJob, which has no item.
  static std::string place_of(const Call& call) {
    const std::string& item = call.item();
    if (item.starts_with("watched-")) return item.substr(8);
    if (item.starts_with("found-")) return item.substr(6);
    return item.substr(0, item.find('-'));
  }
  Outcome reply_to(const Call& call) const {
    const std::string place = asked_place.at(call.number);
    if (call.api == Api::kQueryTask) {
      TaskReply reply = reply_of(call.task_id, kInProgress, now.wall - minutes(1));
      reply.job_id = place + "-shared";
      reply.product_key = "";
      return reply;
    }
    if (call.api == Api::kQueryJobStatistics) {
      JobStatistics counts;
      counts.total = count_of(counts.tasks, kInProgress) = 25;
      return counts;
    }
    if (call.api == Api::kListTask) return TaskPage{};
    JobReply job;
    job.job_id = call.job_id;
    job.status = JobStatus::kInProgress;
    job.modified = now.wall - minutes(1);
    if (call.api == Api::kQueryJob) return job;
    JobPage page;
    job.job_id = "found-" + place;
    page.jobs = {job};
    page.total = 1;
    return page;
  }
  void settle_oldest() {
    CallResult answer;
    answer.call = under_way.front();
    under_way.pop_front();
    const auto luck = random() % 10;
    if (luck == 0) {
      answer.outcome = failure_of(Reason::kTimeout);
    } else if (luck == 1) {
      answer.outcome = failure_of(Reason::kProtocol);
    } else {
      answer.outcome = reply_to(answer.call);
    }
    account->apply(answer, now, 0.5);
  }
  // Polls for `span` with at least three calls in flight. Late responses are applied too.
  void run(Duration span) {
    const Mono end = now.mono + span;
    while (now.mono < end) {
      if (const NextCall next = account->next(now); next.call) {
        const Call& call = *next.call;
        ASSERT_TRUE(places.contains(call.iot_instance)) << call.iot_instance << " is not there";
        const std::string place = places.at(call.iot_instance);
        if (!call.item().empty()) {
          EXPECT_EQ(place_of(call), place) << name(call.api) << ' ' << call.item();
        }
        asked_place[call.number] = place;
        const Endpoint endpoint = send(*account, call, now);
        EXPECT_EQ(endpoint.url, "https://" + place + ".example");
        asked.insert({call.api, call.item().empty() ? place : call.item()});
        under_way.push_back(call);
      }
      now.mono += milliseconds(20);
      now.wall += milliseconds(20);
      // At least three calls stay in flight, sometimes many more.
      while (under_way.size() > 3 + random() % 12) settle_oldest();
    }
  }
  // After a reload, everything that is watched must be polled again.
  void expect_all_asked(const std::vector<std::string>& there) {
    asked.clear();
    run(minutes(3));
    for (const std::string& place : there) {
      EXPECT_TRUE(asked.contains({Api::kQueryJobStatistics, "watched-" + place})) << place;
      EXPECT_TRUE(asked.contains({Api::kQueryJobStatistics, place + "-shared"})) << place;
      EXPECT_TRUE(asked.contains({Api::kQueryJobStatistics, "found-" + place})) << place;
      EXPECT_TRUE(asked.contains({Api::kQueryJob, "watched-" + place})) << place;
      EXPECT_TRUE(asked.contains({Api::kListJob, place})) << place;
      for (int i = 0; i < 25; ++i) {
        const std::string task = place + "-task" + std::to_string(i);
        EXPECT_TRUE(asked.contains({Api::kQueryTask, task})) << task;
      }
    }
    for (const auto& [api, item] : asked) {
      Call call;
      call.api = api;
      (api == Api::kQueryTask ? call.task_id : call.job_id) = item;
      const std::string place = api == Api::kListJob ? item : place_of(call);
      EXPECT_NE(std::find(there.begin(), there.end(), place), there.end()) << item << " is gone";
    }
  }

  Now now{Mono(std::chrono::hours(1)), Wall(std::chrono::hours(400'000))};
  std::mt19937_64 random{7};
  std::optional<Account> account;
  std::map<std::string, std::string> places;         // by instance name
  std::map<std::uint64_t, std::string> asked_place;  // by call number
  std::deque<Call> under_way;
  std::set<std::pair<Api, std::string>> asked;
};

TEST_F(ReloadTest, InstancesAreRemovedInsertedReorderedAndRenamedUnderLoad) {
  configure({busy("A", "a"), busy("B", "b")});
  run(minutes(2));
  expect_all_asked({"a", "b"});

  ASSERT_GE(under_way.size(), 3u);
  configure({busy("B", "b")});  // the index of the job that assists B's tasks was 1 before
  expect_all_asked({"b"});

  configure({busy("C", "c"), busy("B", "b")});
  expect_all_asked({"b", "c"});

  configure({busy("B", "b"), busy("A", "a"), busy("C", "c")});
  expect_all_asked({"a", "b", "c"});

  configure({busy("new", "b"), busy("A", "a"), busy("C", "c")});
  expect_all_asked({"a", "b", "c"});

  configure({busy("C", "a"), busy("A", "c")});  // two swap their names
  expect_all_asked({"a", "c"});

  configure({});
  run(minutes(1));
  while (!under_way.empty()) settle_oldest();
  EXPECT_EQ(account->under_way(), 0u);
}

TEST_F(ReloadTest, ManyReloadsInARowLeaveNothingBehind) {
  const std::vector<std::string> all = {"a", "b", "c", "d"};
  for (int round = 0; round < 60; ++round) {
    std::vector<InstanceConfig> instances;
    for (const std::string& place : all) {
      if (random() % 3 == 0) continue;
      instances.push_back(busy(random() % 4 == 0 ? place + "-again" : place, place));
    }
    std::shuffle(instances.begin(), instances.end(), random);
    configure(instances);
    run(seconds(1) + milliseconds(random() % 3000));
  }
  configure({busy("A", "a"), busy("B", "b")});
  expect_all_asked({"a", "b"});
  while (!under_way.empty()) settle_oldest();
  EXPECT_EQ(account->under_way(), 0u);
}

}  // namespace
}  // namespace taskwatchd
