#include "core/polling/scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr double kRate = 4;  // calls/s

// A scheduler, a clock and a modelled platform that returns the statuses in `status`.
struct World {
  explicit World(Pace pace = {}) : scheduler(pace) {}

  void add(const std::string& id, TaskStatus s, bool known = true) {
    status[id] = s;
    const TaskRecord r = record(id);
    scheduler.add(id, "main", known ? &r : nullptr, now);
  }
  TaskRecord record(const std::string& id) {
    TaskRecord r;
    r.key = {"a", id};
    r.last.task_id = id;
    r.last.job_id = job;
    r.last.status = status[id];
    r.last.modified = r.last_seen = modified[id] == Wall{} ? now.wall : modified[id];
    r.gone = gone.contains(id);
    return r;
  }
  // Polls for `span`, one call per slot if one is due. Returns the number of calls per task.
  std::map<std::string, int> run(Duration span) {
    std::map<std::string, int> calls;
    const Mono end = now.mono + span;
    Mono slot = now.mono;
    while (now.mono < end) {
      const Choice choice = scheduler.next(now, kRate, World::open_at(Mono::min()));
      if (!choice.task_id) {
        move_to(std::min(end, std::max(choice.wake, now.mono + milliseconds(1))));
        continue;
      }
      scheduler.on_sent(*choice.task_id, ++sent, now);
      ++calls[*choice.task_id];
      longest[*choice.task_id] =
          std::max(longest[*choice.task_id], now.mono - asked[*choice.task_id]);
      asked[*choice.task_id] = now.mono;
      scheduler.on_response(*choice.task_id, sent, record(*choice.task_id), now);
      slot = std::max(slot, now.mono) + from_seconds(1 / kRate);
      move_to(slot);
    }
    return calls;
  }
  static Gates open_at(Mono when) {
    Gates gates;
    gates.add("main", when);
    return gates;
  }
  std::uint64_t sent = 0;
  void move_to(Mono when) {
    now.wall += std::chrono::duration_cast<milliseconds>(when - now.mono);
    now.mono = when;
  }

  Now now{Mono(std::chrono::hours(1)), Wall(std::chrono::hours(400'000))};
  std::string job;  // job of the tasks added or returned next
  std::map<std::string, TaskStatus> status;
  std::map<std::string, Wall> modified;
  std::map<std::string, bool> gone;
  std::map<std::string, Mono> asked;
  std::map<std::string, Duration> longest;
  Scheduler scheduler;
};

int total(const std::map<std::string, int>& calls) {
  int sum = 0;
  for (const auto& [id, n] : calls) sum += n;
  return sum;
}

TEST(Scheduler, PollsEachUnobservedTaskInTurn) {
  World world;
  for (const char* id : {"a", "b", "c"}) world.add(id, TaskStatus::kQueued, false);
  const auto calls = world.run(seconds(1));
  EXPECT_EQ(calls.size(), 3u);
}

TEST(Scheduler, TenUnfinishedTasksCostTwoCallsPerSecond) {
  World world;
  for (int i = 0; i < 10; ++i) world.add("t" + std::to_string(i), TaskStatus::kInProgress);
  const auto calls = world.run(seconds(100));
  EXPECT_LE(total(calls), 200);
  EXPECT_GE(total(calls), 185);
  for (const auto& [id, n] : calls) EXPECT_LE(n, 21) << id << " is asked every 5 s at most";
}

TEST(Scheduler, AFewTasksArePolledEvenly) {
  World world;
  for (int i = 0; i < 10; ++i) world.add("t" + std::to_string(i), TaskStatus::kInProgress);
  world.run(seconds(20));
  for (int s = 0; s < 60; ++s) EXPECT_LE(total(world.run(seconds(1))), 3) << "no bunches";
}

TEST(Scheduler, AllFinishedCostsOneCallAMinute) {
  World world;
  for (int i = 0; i < 5; ++i) {
    world.add("bad" + std::to_string(i), TaskStatus::kFailed);
    world.add("good" + std::to_string(i), TaskStatus::kSucceeded);
  }
  world.run(seconds(1));
  const auto calls = world.run(std::chrono::hours(1));
  EXPECT_LE(total(calls), 60);
  EXPECT_GE(total(calls), 58) << "the heartbeat";
  for (int i = 0; i < 5; ++i) {
    EXPECT_GE(calls.at("bad" + std::to_string(i)), 8) << "a rerun may revive it";
  }
}

TEST(Scheduler, AllFinishedCostsOneCallPerMinuteWithoutAMinimumInterval) {
  World world(Pace{.task = {}, .job = {}, .finished = {}});
  for (int i = 0; i < 5; ++i) world.add("bad" + std::to_string(i), TaskStatus::kFailed);
  EXPECT_LE(total(world.run(std::chrono::hours(1))), 61);
}

TEST(Scheduler, BadTasksTakeAtMostATwentiethOfTheSlots) {
  World world(Pace{.task = {}});
  for (int i = 0; i < 100; ++i) world.add("t" + std::to_string(i), TaskStatus::kInProgress);
  for (int i = 0; i < 500; ++i) world.add("bad" + std::to_string(i), TaskStatus::kFailed);
  const auto calls = world.run(minutes(10));
  int bad = 0;
  for (const auto& [id, n] : calls) bad += id.starts_with("bad") ? n : 0;
  EXPECT_LE(bad, total(calls) / 20 + 1);
  EXPECT_GE(bad, total(calls) / 25);
}

TEST(Scheduler, ASucceededTaskIsPolledOnceMoreAfterTenMinutes) {
  World world;
  world.add("done", TaskStatus::kSucceeded);
  world.add("open", TaskStatus::kInProgress);
  EXPECT_EQ(world.run(minutes(9)).count("done"), 0u);
  EXPECT_EQ(world.run(minutes(60)).at("done"), 1);
}

TEST(Scheduler, NothingStarves) {
  World world(Pace{.task = {}});
  const int n = 200;
  for (int i = 0; i < n; ++i) {
    const std::string id = "t" + std::to_string(i);
    world.modified[id] = world.now.wall - minutes(i * i % 300);
    world.add(id, i % 2 == 0 ? TaskStatus::kQueued : TaskStatus::kInProgress);
    world.asked[id] = world.now.mono;
  }
  const auto calls = world.run(minutes(20));
  EXPECT_EQ(calls.size(), static_cast<std::size_t>(n));
  for (const auto& [id, longest] : world.longest) {
    EXPECT_LE(longest, from_seconds(4.0 * n / kRate)) << id;
  }
}

TEST(Scheduler, LearnsWhichStatusMoves) {
  // IN_PROGRESS tasks finish after 30 s, QUEUED ones never do: the polls go to the former.
  World world(Pace{.task = {}});
  for (int i = 0; i < 100; ++i) world.add("q" + std::to_string(i), TaskStatus::kQueued);
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 20; ++i) {
      const std::string id = "r" + std::to_string(round) + "_" + std::to_string(i);
      world.add(id, TaskStatus::kInProgress);
    }
    world.run(seconds(30));
    for (auto& [id, status] : world.status) {
      if (id.starts_with("r") && status == TaskStatus::kInProgress) {
        status = TaskStatus::kSucceeded;
        world.modified[id] = world.now.wall;
      }
    }
    world.run(seconds(15));
  }
  for (int i = 0; i < 20; ++i) world.add("x" + std::to_string(i), TaskStatus::kInProgress);
  const auto calls = world.run(minutes(1));
  int queued = 0, running = 0;
  for (const auto& [id, n] : calls) (id.starts_with("q") ? queued : running) += n;
  EXPECT_GT(running * 5, queued * 3) << "a fifth as many, yet worth more looks each";
}

TEST(Scheduler, AFailingTaskDoesNotHoldUpTheOthers) {
  World world;
  world.add("bad id", TaskStatus::kQueued, false);
  world.add("good id", TaskStatus::kQueued, false);
  const Choice first = world.scheduler.next(world.now, kRate, World::open_at(Mono::min()));
  world.scheduler.on_sent(*first.task_id, 1, world.now);
  world.scheduler.on_failure(*first.task_id, 1, world.now.mono + seconds(30));
  const Choice second = world.scheduler.next(world.now, kRate, World::open_at(Mono::min()));
  ASSERT_TRUE(second.task_id);
  EXPECT_NE(*second.task_id, *first.task_id);
}

TEST(Scheduler, AnInstanceThatBacksOffGetsNoCall) {
  World world;
  world.add("a", TaskStatus::kInProgress);
  const Mono until = world.now.mono + seconds(42);
  const Choice choice = world.scheduler.next(world.now, kRate, World::open_at(until));
  EXPECT_FALSE(choice.task_id);
  EXPECT_EQ(choice.wake, until);
}

TEST(Scheduler, AGoneTaskIsPolledEveryTenMinutes) {
  World world;
  world.add("open", TaskStatus::kInProgress);
  world.add("gone", TaskStatus::kInProgress);
  world.gone["gone"] = true;
  world.scheduler.set_gone("gone", world.now);
  EXPECT_EQ(world.run(minutes(61)).at("gone"), 6);
}

TEST(Scheduler, RemovalKeepsTheOthers) {
  World world;
  for (const char* id : {"a", "b", "c"}) world.add(id, TaskStatus::kInProgress);
  world.scheduler.remove("a");
  world.scheduler.remove("never there");
  EXPECT_EQ(world.scheduler.size(), 2u);
  const auto calls = world.run(seconds(20));
  EXPECT_EQ(calls.count("a"), 0u);
  EXPECT_EQ(calls.size(), 2u);
}

TEST(Scheduler, ABadTaskDoesNotTakeEveryHeartbeat) {
  World world;
  world.add("bad", TaskStatus::kFailed);
  for (int i = 0; i < 5; ++i) world.add("good" + std::to_string(i), TaskStatus::kSucceeded);
  const auto calls = world.run(minutes(40));
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(calls.contains("good" + std::to_string(i))) << i << " was to be asked once more";
  }
  EXPECT_GE(calls.at("bad"), 20);
}

TEST(Scheduler, AWallClockThatIsSetBackDoesNotChangePriorities) {
  World world(Pace{.task = {}, .job = {}, .finished = {}});
  for (int i = 0; i < 40; ++i) world.add("t" + std::to_string(i), TaskStatus::kInProgress);
  world.run(minutes(1));
  world.now.wall -= std::chrono::hours(3);
  const auto calls = world.run(seconds(20));
  EXPECT_GE(calls.size(), 38u) << "by 80 calls";
}

TEST(Scheduler, AJobIsForgottenWithItsLastTask) {
  World world;
  for (int i = 0; i < 3 * static_cast<int>(Hazard::kGroups); ++i) {
    const std::string id = "t" + std::to_string(i);
    world.job = "job" + std::to_string(i / 2);
    world.add(id, TaskStatus::kInProgress);
    EXPECT_LE(world.scheduler.jobs(), 2u);
    if (i > 0) world.scheduler.remove("t" + std::to_string(i - 1));
  }
  EXPECT_EQ(world.scheduler.jobs(), 1u);
  world.scheduler.remove("t" + std::to_string(3 * Hazard::kGroups - 1));
  EXPECT_EQ(world.scheduler.jobs(), 0u);
}

TEST(Scheduler, ATaskSeenInAnotherJobLeavesTheFirst) {
  World world;
  world.job = "first";
  world.add("t", TaskStatus::kInProgress);
  world.job = "second";
  world.scheduler.noticed("t", world.record("t"), world.now);
  world.scheduler.noticed("t", world.record("t"), world.now);
  EXPECT_EQ(world.scheduler.jobs(), 1u);
}

TEST(Hazard, RoomOfARemovedJobIsGivenOutAgainWithoutWhatItHadLearned) {
  Hazard hazard;
  std::vector<Hazard::Group> groups;
  for (std::size_t i = 0; i < Hazard::kGroups; ++i) groups.push_back(hazard.add_group());
  EXPECT_EQ(hazard.add_group(), Hazard::kPooled) << "full";
  const Hazard::Group taught = groups.front();
  for (int i = 0; i < 100; ++i) {
    hazard.learn(taught, TaskStatus::kInProgress, seconds(0), seconds(2), Hazard::Fate::kEnded);
  }
  const auto priority = [&](Hazard::Group group) {
    return hazard.priority(group, TaskStatus::kInProgress, seconds(0), seconds(5));
  };
  const double learned = priority(taught);
  hazard.remove_group(taught);
  EXPECT_EQ(hazard.groups(), Hazard::kGroups - 1);
  EXPECT_EQ(hazard.add_group(), taught);
  EXPECT_LT(priority(taught), learned);
}

}  // namespace
}  // namespace taskwatchd
