#include "plan/world.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>

namespace taskwatchd::plan {
namespace {

constexpr double kSigma = 0.6;  // of both lognormal times
constexpr double kFailedMedianS = 60;
constexpr double kOfflineMeanS = 2 * 3600;
constexpr double kStartMinS = 0.5;
constexpr double kStartMeanS = 3;
constexpr double kTimeoutSlackS = 5;
constexpr char kProduct[] = "a1Modelled";

Ms ms(double s) {
  return static_cast<Ms>(s * 1000);
}

}  // namespace

World::World(const std::vector<JobPlan>& jobs, const Life& life, Order order, std::uint64_t seed)
    : order_(order), life_(life), seed_(seed), random_(seed) {
  draw(jobs);
  std::uint32_t first = 0;
  for (const JobPlan& plan : jobs) {
    jobs_.push_back({plan, first, JobLists({tasks_.data() + first, plan.tasks})});
    first += plan.tasks;
  }
  for (const TaskCourse& task : tasks_) last_end_ = std::max(last_end_, task.end);
}

void World::draw(const std::vector<JobPlan>& plans) {
  std::uniform_real_distribution<double> unit(0, 1);
  std::exponential_distribution<double> exponential(1);
  std::normal_distribution<double> normal(0, kSigma);
  for (std::uint32_t job = 0; job < plans.size(); ++job) {
    const JobPlan& plan = plans[job];
    std::vector<std::uint32_t> turns(plan.tasks);
    std::iota(turns.begin(), turns.end(), 0U);
    std::shuffle(turns.begin(), turns.end(), random_);
    for (const std::uint32_t turn : turns) {
      TaskCourse task;
      task.job = job;
      task.left = plan.start_ms + ms((turn + 1) * 60 / plan.rollout_per_minute);
      double wait = kStartMinS + kStartMeanS * exponential(random_);
      if (unit(random_) < life_.offline) wait += kOfflineMeanS * exponential(random_);
      const Ms begun = task.left + ms(wait);
      const double fate = unit(random_);
      if (fate < life_.rejected) {
        task.outcome = TaskStatus::kRejected;
        task.end = begun;
      } else {
        task.started = begun;
        const bool fails = fate < life_.rejected + life_.failed;
        const bool hangs = !fails && fate < life_.rejected + life_.failed + life_.hangs;
        const double median = fails ? kFailedMedianS : life_.run_median_s;
        const Ms takes = ms(median * std::exp(normal(random_)));
        task.outcome = fails ? TaskStatus::kFailed : TaskStatus::kSucceeded;
        task.end = begun + takes;
        if (life_.timeout_ms > 0 && (hangs || takes > life_.timeout_ms)) {
          task.outcome = TaskStatus::kTimedOut;
          task.end = begun + life_.timeout_ms + ms(kTimeoutSlackS * unit(random_));
        }
      }
      tasks_.push_back(task);
    }
  }
}

std::string World::job_id(std::size_t job) const {
  char text[32];
  std::snprintf(text, sizeof text, "modelJob%05zu", job);
  return text;
}

std::string World::task_id(std::size_t task) const {
  char text[32];
  std::snprintf(text, sizeof text, "modelTask%014zu", task);  // as long as the platform's ids
  return text;
}

std::size_t World::job_number(const std::string& id) const {
  return std::strtoull(id.c_str() + 8, nullptr, 10);
}

std::size_t World::task_number(const std::string& id) const {
  return std::strtoull(id.c_str() + 9, nullptr, 10);
}

TaskStatus World::status_at(const TaskCourse& task, Ms at) const {
  if (at >= task.end) return task.outcome;
  if (at >= task.started) return TaskStatus::kInProgress;
  return at >= task.left ? TaskStatus::kSent : TaskStatus::kQueued;
}

Ms World::modified_at(const TaskCourse& task, Ms at) const {
  if (at >= task.end) return task.end;
  if (at >= task.started) return task.started;
  return at >= task.left ? task.left : jobs_[task.job].plan.start_ms;
}

TaskReply World::reply(std::size_t number, Ms at, Wall epoch) const {
  const TaskCourse& task = tasks_[number];
  TaskReply reply;
  reply.task_id = task_id(number);
  reply.job_id = job_id(task.job);
  reply.job_name = "modelled";
  reply.product_key = kProduct;
  reply.device_name = "device" + std::to_string(number);
  reply.status = status_at(task, at);
  reply.modified = epoch + std::chrono::milliseconds(modified_at(task, at));
  reply.queued = epoch + std::chrono::milliseconds(jobs_[task.job].plan.start_ms);
  return reply;
}

TaskReply World::task(std::size_t task, Ms at, Wall epoch) const {
  TaskReply said = reply(task, at, epoch);
  if (is_bad(said.status)) said.message = "modelled";
  return said;
}

JobStatistics World::statistics(std::size_t number, Ms at) const {
  const Job& job = jobs_[number];
  return at < job.plan.start_ms ? JobStatistics{} : job.lists.counts(at);
}

TaskPage World::page(std::size_t number, std::optional<TaskStatus> status, const std::string& token,
                     std::size_t limit, Ms at, Wall epoch) {
  Job& job = jobs_[number];
  TaskPage page;
  if (at < job.plan.start_ms) return page;
  // A token consists of the order and the place after the last row.
  Order order = order_;
  std::optional<std::size_t> from;
  if (!token.empty()) {
    order = static_cast<Order>(token[0] - '0');
    from = std::strtoull(token.c_str() + 1, nullptr, 10);
  } else if (order == Order::kMixed) {
    order = static_cast<Order>(random_() % 3);
  }
  const JobLists::Slice slice = job.lists.slice(status, order, from, limit, at);
  for (const std::uint32_t task : slice.tasks) {
    page.tasks.push_back(reply(job.first + task, at, epoch));
    page.tasks.back().listed = true;
  }
  if (slice.next) {
    page.next_token = std::to_string(static_cast<int>(order)) + std::to_string(*slice.next);
  }
  return page;
}

JobReply World::job(std::size_t number, Ms at, Wall epoch) const {
  const Job& job = jobs_[number];
  JobReply said;
  said.job_id = job_id(number);
  said.job_name = "modelled";
  said.type = "CUSTOM_JOB";
  const JobStatistics counts = statistics(number, at);
  bool live = at < job.plan.start_ms;
  for (const TaskStatus status : kAllTaskStatuses) {
    live = live || (!is_finished(status) && count_of(counts.tasks, status) > 0);
  }
  said.status = live ? JobStatus::kInProgress : JobStatus::kCompleted;
  if (life_.timeout_ms > 0) said.timeout = std::chrono::milliseconds(life_.timeout_ms);
  said.rollout_per_minute = job.plan.rollout_per_minute;
  said.created = said.modified = epoch + std::chrono::milliseconds(job.plan.start_ms);
  return said;
}

JobPage World::listing(std::uint32_t page, std::size_t limit, Ms at, Wall epoch) const {
  JobPage said;
  said.page = page;
  said.total = static_cast<std::uint32_t>(jobs_.size());
  const std::size_t begin = (page - 1) * limit;
  for (std::size_t i = begin; i < std::min(begin + limit, jobs_.size()); ++i) {
    said.jobs.push_back(job(i, at, epoch));
  }
  return said;
}

}  // namespace taskwatchd::plan
