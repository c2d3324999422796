// Lives, histories and reruns: the content of the simulated platform and how it changes.
#include "simulator/model_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <stdexcept>

namespace iotsim {
namespace {

constexpr std::int64_t kStart = 1'800'000'000'000;
constexpr std::int64_t kMinute = 60'000;

JobSpec job_of(std::uint32_t devices, double rollout) {
  JobSpec spec;
  spec.id = "job-1";
  spec.created_ms = spec.start_ms = kStart;
  spec.devices = devices;
  spec.rollout_per_minute = rollout;
  return spec;
}

Job& add_job(World& world, JobSpec spec) {
  if (world.instances().empty()) world.add(Instance{"a", "cn-shanghai", "iot-1"});
  return world.add(std::move(spec));
}

ScriptStep line(std::int64_t offset_ms, std::string status, std::string message = "") {
  ScriptStep step;
  step.offset_ms = offset_ms;
  step.status = std::move(status);
  step.message = std::move(message);
  return step;
}

TEST(Life, ProportionsAreThoseOfTheWorldDescribed) {
  World world(11);
  const Job& job = add_job(world, job_of(40'000, 1000));
  std::map<std::string, double> share;
  std::vector<double> failed_runs, good_runs, starts;
  for (const Task* task : job.tasks) {
    const auto& steps = world.history(*task);
    share[std::string(kStatusWords.at(static_cast<std::size_t>(steps.back().status)))] += 1 / 40e3;
    const auto begin = std::find_if(steps.begin(), steps.end(),
                                    [](const Step& s) { return s.status == Status::kInProgress; });
    if (begin == steps.end()) continue;
    starts.push_back(static_cast<double>(begin->at_ms - steps[1].at_ms) / 1e3);
    const double run = static_cast<double>(steps.back().at_ms - begin->at_ms) / 1e3;
    if (steps.back().status == Status::kFailed) failed_runs.push_back(run);
    if (steps.back().status == Status::kSucceeded) good_runs.push_back(run);
    if (steps.back().status == Status::kTimedOut) {
      EXPECT_GE(run, 1800);
      EXPECT_LE(run, 1805);
    }
  }
  EXPECT_NEAR(share["FAILED"], 0.04, 0.004);
  EXPECT_NEAR(share["TIMED_OUT"], 0.015, 0.003);
  EXPECT_NEAR(share["REJECTED"], 0.005, 0.002);
  EXPECT_NEAR(share["SUCCEEDED"], 0.94, 0.006);
  const auto median = [](std::vector<double>& v) {
    std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
    return v[v.size() / 2];
  };
  EXPECT_NEAR(median(failed_runs), 60, 4);
  EXPECT_NEAR(median(good_runs), 180, 4);
  const auto offline = std::count_if(starts.begin(), starts.end(), [](double s) { return s > 60; });
  // Nearly all of the 8 % that are offline stay offline for more than a minute.
  EXPECT_NEAR(static_cast<double>(offline) / 40e3, 0.08, 0.005);
}

TEST(Life, TimesRiseAndStatusesGoForward) {
  World world(3);
  for (const Task* task : add_job(world, job_of(5000, 50'000)).tasks) {
    const auto& steps = world.history(*task);
    ASSERT_EQ(steps.front().status, Status::kQueued);
    ASSERT_TRUE(is_finished(steps.back().status));
    for (std::size_t i = 1; i < steps.size(); ++i) {
      ASSERT_LE(steps[i - 1].at_ms, steps[i].at_ms);
      ASSERT_LE(steps[i - 1].progress, steps[i].progress);
      ASSERT_LE(static_cast<int>(steps[i - 1].status), static_cast<int>(steps[i].status));
    }
  }
}

TEST(Life, WithoutATimeoutADeviceHangsForEver) {
  LifeParameters p;
  p.hang = 1;
  p.failed = 0;
  const auto steps = draw_life(p, {0, 0, 0, 1}, Random(5));
  EXPECT_EQ(steps.back().status, Status::kInProgress);
}

TEST(World, RollOutLeavesTheQueueEvenlyInAnyOrder) {
  World world(5);
  const Job& job = add_job(world, job_of(600, 100));
  std::vector<std::int64_t> leaves;
  for (const Task* task : job.tasks) leaves.push_back(world.history(*task)[1].at_ms - kStart);
  EXPECT_FALSE(std::is_sorted(leaves.begin(), leaves.end()));
  std::sort(leaves.begin(), leaves.end());
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    EXPECT_EQ(leaves[i], static_cast<std::int64_t>(i) * 600);
  }
}

TEST(World, SameSeedSameWorldOtherSeedOtherLivesSameIds) {
  World one(1), again(1), other(2);
  const Job &a = add_job(one, job_of(50, 100)), &b = add_job(again, job_of(50, 100)),
            &c = add_job(other, job_of(50, 100));
  int differ = 0;
  // In another order: lives do not depend on who reads them first.
  for (std::size_t i = 50; i-- > 0;) again.history(*b.tasks[i]);
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(a.tasks[i]->id, b.tasks[i]->id);
    EXPECT_EQ(a.tasks[i]->id, c.tasks[i]->id);
    EXPECT_EQ(one.history(*a.tasks[i]), again.history(*b.tasks[i]));
    differ += one.history(*a.tasks[i]) == other.history(*c.tasks[i]) ? 0 : 1;
  }
  EXPECT_GT(differ, 45);
}

TEST(World, StateAtAnInstantIsTheHistoryUpToIt) {
  World world(9);
  const Job& job = add_job(world, job_of(200, 1000));
  for (const Task* task : job.tasks) {
    const auto& steps = world.history(*task);
    EXPECT_FALSE(world.status_at(*task, kStart - 1).has_value());
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (i + 1 < steps.size() && steps[i + 1].at_ms == steps[i].at_ms) continue;
      const auto state = world.status_at(*task, steps[i].at_ms);
      ASSERT_TRUE(state.has_value());
      EXPECT_EQ(state->status, steps[i].status);
      EXPECT_EQ(state->queued_ms, kStart);
      EXPECT_LE(state->modified_ms, steps[i].at_ms);
      if (i == 0 || steps[i - 1].status != steps[i].status) {
        EXPECT_EQ(state->modified_ms, steps[i].at_ms);
      }
    }
  }
}

TEST(World, ProgressReportsMoveUtcModifiedOnlyByTheSwitch) {
  World world(9);
  const Task& task = *add_job(world, job_of(1, 1000)).tasks[0];
  const auto& steps = world.history(task);
  const auto report = std::find_if(steps.begin(), steps.end(), [](const Step& s) {
    return s.status == Status::kInProgress && s.progress > 0;
  });
  ASSERT_NE(report, steps.end());
  EXPECT_LT(world.status_at(task, report->at_ms)->modified_ms, report->at_ms);
  world.progress_bumps_modified = true;
  EXPECT_EQ(world.status_at(task, report->at_ms)->modified_ms, report->at_ms);
}

JobSpec failing_job(std::uint32_t devices) {
  JobSpec spec = job_of(devices, 60'000);
  spec.life.failed = 1;
  return spec;
}

TEST(World, RerunThatKeepsTheIdOpensANewAttempt) {
  World world(4);
  const Job& job = add_job(world, failing_job(10));
  const std::int64_t later = kStart + 600 * kMinute;
  const auto ids = world.rerun("job-1", later, RerunKind::kKeepTaskId);
  EXPECT_EQ(ids.size(), 10u);
  EXPECT_EQ(job.tasks.size(), 10u);
  const Task& task = *job.tasks[0];
  EXPECT_EQ(world.status_at(task, later - 1)->status, Status::kFailed);
  const auto state = world.status_at(task, later + 5 * kMinute);
  EXPECT_EQ(state->attempt, 2);
  EXPECT_EQ(state->queued_ms, later);
  EXPECT_GE(state->modified_ms, later);
  // States before the rerun do not change.
  EXPECT_EQ(world.status_at(task, later - 1)->attempt, 1);
}

TEST(World, RerunThatMakesNewTasksLeavesTheOldOnes) {
  World world(4);
  const Job& job = add_job(world, failing_job(10));
  const std::int64_t later = kStart + 600 * kMinute;
  const auto ids = world.rerun("job-1", later, RerunKind::kNewTaskId);
  ASSERT_EQ(ids.size(), 10u);
  EXPECT_EQ(job.tasks.size(), 20u);
  for (const std::string& id : ids) {
    const Task* const fresh = world.task(id);
    ASSERT_NE(fresh, nullptr);
    EXPECT_FALSE(world.status_at(*fresh, later - 1).has_value());
    EXPECT_EQ(world.status_at(*fresh, later + 600 * kMinute)->queued_ms, later);
    EXPECT_EQ(world.device_name(*fresh), world.device_name(*job.tasks[fresh->device]));
    EXPECT_NE(id, job.tasks[fresh->device]->id);
  }
  EXPECT_EQ(world.status_at(*job.tasks[0], later + 600 * kMinute)->status, Status::kFailed);
  // Only the new tasks can be run again.
  EXPECT_EQ(world.rerun("job-1", later + 600 * kMinute, RerunKind::kNewTaskId).size(), 10u);
  EXPECT_TRUE(world.rerun("no-such-job", later, RerunKind::kNewTaskId).empty());
}

TEST(World, RerunTakesOnlyFailedAndTimedOut) {
  World world(8);
  const Job& job = add_job(world, job_of(3000, 60'000));
  const std::int64_t end = kStart + 100'000 * kMinute;
  std::set<std::string> due;
  for (const Task* task : job.tasks) {
    if (can_rerun(world.status_at(*task, end)->status)) due.insert(task->id);
  }
  const auto ids = world.rerun("job-1", end, RerunKind::kKeepTaskId);
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()), due);
  EXPECT_GT(due.size(), 50u);
}

TEST(World, CancelEndsWhatIsUnfinished) {
  World world(6);
  const Job& job = add_job(world, job_of(500, 1000));
  const std::int64_t t = kStart + 4 * kMinute;
  std::size_t unfinished = 0;
  for (const Task* task : job.tasks) {
    unfinished += is_finished(world.status_at(*task, t)->status) ? 0 : 1;
  }
  EXPECT_EQ(world.cancel("job-1", t), unfinished);
  EXPECT_GT(unfinished, 10u);
  for (const Task* task : job.tasks) {
    const auto state = world.status_at(*task, t + 10'000 * kMinute);
    EXPECT_TRUE(is_finished(state->status));
    EXPECT_LE(state->modified_ms, t);
  }
  EXPECT_EQ(world.cancel("job-1", t + 1), 0u);
}

TEST(World, RemovedTasksAreNotKnown) {
  World world(6);
  const Task& task = *add_job(world, job_of(1, 1000)).tasks[0];
  EXPECT_TRUE(world.remove(task.id, kStart + 5000));
  EXPECT_FALSE(world.remove("nobody", kStart));
  EXPECT_TRUE(world.status_at(task, kStart + 4999).has_value());
  EXPECT_FALSE(world.status_at(task, kStart + 5000).has_value());
}

TEST(World, ScriptsArePlayedToTheLetter) {
  World world(1);
  JobSpec spec = job_of(0, 1000);
  Script script;
  script.task_id = "MSnT9scripted0010101";
  script.device = "pump-7";
  script.attempts = {{line(0, "QUEUED"), line(1000, "PAUSED", "hm"), line(2000, "FAILED", "boom")},
                     {line(0, "QUEUED"), line(500, "SUCCEEDED", "fine")}};
  script.attempts[0][1].has_progress = true;
  script.attempts[0][1].progress = "12.5%";
  spec.scripts.push_back(script);
  add_job(world, std::move(spec));
  const Task& task = *world.task("MSnT9scripted0010101");
  EXPECT_EQ(world.device_name(task), "pump-7");
  EXPECT_EQ(world.status_at(task, kStart)->word, "QUEUED");
  const auto paused = world.status_at(task, kStart + 1500);
  EXPECT_EQ(paused->word, "PAUSED");
  EXPECT_EQ(paused->status, Status::kOther);
  EXPECT_EQ(paused->progress, "12.5%");
  EXPECT_EQ(paused->message, "hm");
  EXPECT_EQ(world.status_at(task, kStart + 2000)->word, "FAILED");
  const std::int64_t again = kStart + 9000;
  EXPECT_EQ(world.rerun("job-1", again, RerunKind::kKeepTaskId).size(), 1u);
  EXPECT_EQ(world.status_at(task, again)->word, "QUEUED");
  const auto end = world.status_at(task, again + 500);
  EXPECT_EQ(end->word, "SUCCEEDED");
  EXPECT_EQ(end->message, "fine");
  EXPECT_EQ(end->modified_ms, again + 500);
}

TEST(World, ARerunScriptMayLiveOnInANewTask) {
  World world(1);
  JobSpec spec = job_of(0, 1000);
  Script script;
  script.attempts = {{line(0, "FAILED", "boom")}, {line(0, "QUEUED"), line(500, "SUCCEEDED")}};
  spec.scripts.push_back(script);
  add_job(world, std::move(spec));
  const auto ids = world.rerun("job-1", kStart + 100, RerunKind::kNewTaskId);
  ASSERT_EQ(ids.size(), 1u);
  EXPECT_EQ(world.status_at(*world.task(ids[0]), kStart + 600)->word, "SUCCEEDED");
}

TEST(World, RefusesWhatCannotBe) {
  World world(1);
  EXPECT_THROW(world.add(job_of(1, 1)), std::invalid_argument);  // no instance
  add_job(world, job_of(1, 1));
  EXPECT_THROW(world.add(job_of(1, 1)), std::invalid_argument);  // duplicate id
  JobSpec spec = job_of(1, 0);
  spec.id = "job-2";
  EXPECT_THROW(world.add(spec), std::invalid_argument);
}

TEST(World, AHundredThousandTasksAreCheap) {
  const auto before_ms = std::chrono::steady_clock::now();
  const std::size_t before = mallinfo2().uordblks;
  World world(1);
  const Job& job = add_job(world, job_of(100'000, 1000));
  std::size_t finished = 0;
  for (const Task* task : job.tasks) {
    finished += is_finished(world.status_at(*task, kStart + 60 * kMinute)->status) ? 1 : 0;
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - before_ms).count();
  const double mib = static_cast<double>(mallinfo2().uordblks - before) / (1 << 20);
  std::printf("100,000 tasks with every life drawn: %.2f s, %.0f MiB\n", seconds, mib);
  EXPECT_GT(finished, 40'000u);
  EXPECT_LT(mib, 60);      // with every life drawn; sanitizers' own allocators report nothing here
  EXPECT_LT(seconds, 10);  // for a debug build on a busy machine; otherwise about 0.3 s
}

}  // namespace
}  // namespace iotsim
