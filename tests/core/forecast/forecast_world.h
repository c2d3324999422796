// A simulated job, polled as the daemon polls: statistics every second, a list page of SENT and
// IN_PROGRESS tasks from time to time, and every completion. Compares the forecast with what
// happens. By default some devices are offline, some runs fail and some hang; all of this can be
// changed.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "core/forecast/forecast.h"

namespace taskwatchd::forecast_world {

struct World {
  std::uint32_t tasks = 1000;
  double rollout_per_minute = 200;
  double offline = 0.08;       // share of the devices
  double offline_mean = 7200;  // s, exponential
  double pickup_mean = 3;      // s, exponential, after pickup_least
  double pickup_least = 0.5;   // s
  double run_median = 180;     // s, lognormal
  double run_sigma = 0.6;
  double failed = 0.04;                  // share; median run_median / 3
  double hangs = 0.015;                  // share
  double rejected = 0.005;               // share
  std::optional<double> timeout = 1800;  // s; hangs end up to 5 s later
  double hang_without_timeout = 6 * 3600;
  std::uint32_t page = 50;  // SENT and IN_PROGRESS tasks read each time, per status
  double page_every = 10;   // s
  bool reads_unfinished = true;
};

struct Asked {
  std::size_t moment = 0;  // index in `moments`
  double truth = 0;        // s until the last completion
  std::optional<double> half, most;
};

struct Result {
  std::vector<Asked> asked;
  std::uint32_t hanging = 0, hanging_stalled = 0;  // over the whole run
  std::uint32_t others = 0, others_stalled = 0;
};

class Job {
 public:
  Job(const World& world, std::uint64_t seed) : world_(world), chance_(seed) { draw(); }

  // Simulates the job once and asks for a forecast at each of `moments`: rising counts of finished
  // tasks.
  Result play(const std::vector<std::uint32_t>& moments) {
    Result result;
    Forecast forecast;
    std::optional<Duration> timeout;
    if (world_.timeout) timeout = from_seconds(*world_.timeout);
    forecast.describe(timeout, world_.rollout_per_minute);
    std::size_t next = 0;
    // The steps are longer when little happens, because the simulation covers hours.
    double now = 0;
    double pages_at = 0;
    double ahead_at = 0;
    while (now < last_end_) {
      const bool early = now < rolled_out_ + 600;
      now += early ? 1 : 30;
      step(forecast, now);
      if (world_.reads_unfinished && now >= pages_at) {
        read_pages(forecast, now);
        pages_at = now + (early ? 1 : 6) * world_.page_every;
      }
      const bool asks = next < moments.size() && finished_ >= moments[next];
      if (!asks && now < ahead_at) continue;
      ahead_at = now + (early ? 10 : 300);
      const JobForecast estimate = look(forecast, now);
      while (next < moments.size() && finished_ >= moments[next]) {
        if (now < last_end_) result.asked.push_back(answer(estimate, next, now));
        ++next;
      }
    }
    for (const Task& task : tasks_) {
      ++(task.hangs ? result.hanging : result.others);
      if (task.stalled) ++(task.hangs ? result.hanging_stalled : result.others_stalled);
    }
    return result;
  }

 private:
  struct Task {
    double sent = 0, started = 0, ended = 0;
    TaskStatus end = TaskStatus::kSucceeded;
    TaskStatus status = TaskStatus::kQueued;
    bool hangs = false;
    bool stalled = false;
    bool read = false;
    TaskSample held;
    std::size_t place = 0;  // index in its pool
  };
  struct Step {
    double at;
    std::uint32_t task;
    bool operator<(const Step& other) const { return at < other.at; }
  };

  static Wall wall(double s) { return Wall(std::chrono::milliseconds(std::llround(s * 1000))); }
  static Mono mono(double s) { return Mono(from_seconds(s)); }

  double exponential(double mean) {
    return mean > 0 ? std::exponential_distribution<double>(1 / mean)(chance_) : 0;
  }
  double uniform() { return std::uniform_real_distribution<double>(0, 1)(chance_); }

  void draw() {
    tasks_.resize(world_.tasks);
    for (std::uint32_t i = 0; i < world_.tasks; ++i) {
      Task& task = tasks_[i];
      task.sent = (i + 1) * 60 / world_.rollout_per_minute;
      const bool away = uniform() < world_.offline;
      task.started = task.sent + (away ? exponential(world_.offline_mean)
                                       : world_.pickup_least + exponential(world_.pickup_mean));
      draw_run(task);
      steps_.push_back({task.sent, i});
      steps_.push_back({task.started, i});
      steps_.push_back({task.ended, i});
      last_end_ = std::max(last_end_, task.ended);
      rolled_out_ = task.sent;
    }
    std::stable_sort(steps_.begin(), steps_.end());
  }

  void draw_run(Task& task) {
    const double kind = uniform();
    double median = world_.run_median;
    if (kind < world_.failed) {
      task.end = TaskStatus::kFailed;
      median /= 3;
    }
    double run = std::lognormal_distribution<double>(std::log(median), world_.run_sigma)(chance_);
    const double rejects = world_.failed + world_.hangs;
    task.hangs = kind >= world_.failed && kind < rejects;
    if (kind >= rejects && kind < rejects + world_.rejected) {
      task.end = TaskStatus::kRejected;
      run = 0;
    }
    if (task.hangs) run = world_.timeout ? 1e9 : exponential(world_.hang_without_timeout);
    if (world_.timeout && run > *world_.timeout) {
      run = *world_.timeout + 5 * uniform();
      task.end = TaskStatus::kTimedOut;
    }
    task.ended = task.started + run;
  }

  std::vector<std::uint32_t>& pool(TaskStatus status) {
    return status == TaskStatus::kSent ? sent_ : running_;
  }
  void leave(Task& task) {
    if (task.status == TaskStatus::kQueued) return;
    std::vector<std::uint32_t>& from = pool(task.status);
    from[task.place] = from.back();
    tasks_[from.back()].place = task.place;
    from.pop_back();
  }

  void step(Forecast& forecast, double now) {
    for (; done_ < steps_.size() && steps_[done_].at <= now; ++done_) {
      const std::uint32_t index = steps_[done_].task;
      Task& task = tasks_[index];
      leave(task);
      if (task.status == TaskStatus::kInProgress) {
        task.status = task.end;
        ++finished_;
        ++count_of(ends_, task.end);
        see(forecast, task, now);
        continue;
      }
      task.status =
          task.status == TaskStatus::kQueued ? TaskStatus::kSent : TaskStatus::kInProgress;
      task.place = pool(task.status).size();
      pool(task.status).push_back(index);
    }
    JobStatistics statistics;
    statistics.tasks = ends_;
    statistics.total = world_.tasks;
    const auto sent = static_cast<std::uint32_t>(sent_.size());
    const auto running = static_cast<std::uint32_t>(running_.size());
    count_of(statistics.tasks, TaskStatus::kSent) = sent;
    count_of(statistics.tasks, TaskStatus::kInProgress) = running;
    count_of(statistics.tasks, TaskStatus::kQueued) = world_.tasks - sent - running - finished_;
    forecast.statistics(statistics, mono(now));
  }

  void see(Forecast& forecast, Task& task, double now) {
    double entered = task.ended;
    if (task.status == TaskStatus::kSent) entered = task.sent;
    if (task.status == TaskStatus::kInProgress) entered = task.started;
    const TaskSample sample{task.status, wall(entered), wall(now)};
    forecast.observe(task.read ? &task.held : nullptr, sample);
    task.held = sample;
    task.read = true;
  }

  void read_pages(Forecast& forecast, double now) {
    for (std::vector<std::uint32_t>* const from : {&sent_, &running_}) {
      if (from->size() <= world_.page) {
        for (const std::uint32_t i : *from) see(forecast, tasks_[i], now);
        continue;
      }
      // Reads consecutive tasks, as on a list page.
      const auto first = static_cast<std::size_t>(uniform() * static_cast<double>(from->size()));
      for (std::size_t k = 0; k < world_.page; ++k) {
        see(forecast, tasks_[(*from)[(first + k) % from->size()]], now);
      }
    }
  }

  // Uses last known statuses: a task that was read as SENT counts as SENT until it is read again.
  JobForecast look(Forecast& forecast, double now) {
    ForecastSurvey survey(wall(now));
    for (const std::vector<std::uint32_t>* const from : {&sent_, &running_}) {
      for (const std::uint32_t i : *from) {
        if (tasks_[i].read) survey.add(tasks_[i].held);
      }
    }
    const JobForecast estimate = forecast.estimate(survey, {mono(now), wall(now)});
    for (const std::vector<std::uint32_t>* const from : {&sent_, &running_}) {
      for (const std::uint32_t i : *from) {
        Task& task = tasks_[i];
        if (task.read &&
            estimate.is_stalled(task.held.status, task.held.entered, task.held.seen, wall(now))) {
          task.stalled = true;
        }
      }
    }
    return estimate;
  }

  Asked answer(const JobForecast& estimate, std::size_t moment, double now) const {
    Asked asked;
    asked.moment = moment;
    asked.truth = last_end_ - now;
    if (estimate.half) asked.half = seconds(*estimate.half);
    if (estimate.most) asked.most = seconds(*estimate.most);
    return asked;
  }

  World world_;
  std::mt19937_64 chance_;
  std::vector<Task> tasks_;
  std::vector<Step> steps_;
  std::size_t done_ = 0;
  std::vector<std::uint32_t> sent_, running_;
  TaskCounts ends_{};
  std::uint32_t finished_ = 0;
  double last_end_ = 0, rolled_out_ = 0;
};

}  // namespace taskwatchd::forecast_world
