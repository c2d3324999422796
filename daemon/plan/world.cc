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

std::optional<Order> parse_order(std::string_view word) {
  for (const Order order : {Order::kId, Order::kOldest, Order::kNewest, Order::kMixed}) {
    if (word == name(order)) return order;
  }
  return std::nullopt;
}

std::string_view name(Order order) {
  switch (order) {
    case Order::kId:
      return "id";
    case Order::kOldest:
      return "oldest";
    case Order::kNewest:
      return "newest";
    case Order::kMixed:
      return "mixed";
  }
  return "";
}

World::World(const std::vector<JobPlan>& jobs, const Life& life, Order order, std::uint64_t seed)
    : order_(order), life_(life), seed_(seed), random_(seed) {
  draw(jobs, life);
  for (Job& job : jobs_) {
    const auto begin = job.first;
    std::vector<std::uint32_t> all(job.plan.tasks);
    std::iota(all.begin(), all.end(), begin);
    job.by_left = all;
    std::sort(job.by_left.begin(), job.by_left.end(), [&](auto a, auto b) {
      return std::pair(tasks_[a].left, a) < std::pair(tasks_[b].left, b);
    });
    job.by_end.resize(kTaskStatusCount);
    for (const std::uint32_t task : all) {
      if (tasks_[task].started != kNever) job.by_started.push_back(task);
      job.by_end[static_cast<std::size_t>(tasks_[task].outcome)].push_back(task);
      last_end_ = std::max(last_end_, tasks_[task].end);
    }
    std::sort(job.by_started.begin(), job.by_started.end(), [&](auto a, auto b) {
      return std::pair(tasks_[a].started, a) < std::pair(tasks_[b].started, b);
    });
    for (auto& ended : job.by_end) {
      std::sort(ended.begin(), ended.end(), [&](auto a, auto b) {
        return std::pair(tasks_[a].end, a) < std::pair(tasks_[b].end, b);
      });
    }
  }
}

void World::draw(const std::vector<JobPlan>& plans, const Life& life) {
  std::uniform_real_distribution<double> unit(0, 1);
  std::exponential_distribution<double> exponential(1);
  std::normal_distribution<double> normal(0, kSigma);
  for (const JobPlan& plan : plans) {
    Job job;
    job.plan = plan;
    job.first = static_cast<std::uint32_t>(tasks_.size());
    std::vector<std::uint32_t> turns(plan.tasks);
    std::iota(turns.begin(), turns.end(), 0U);
    std::shuffle(turns.begin(), turns.end(), random_);
    for (std::uint32_t i = 0; i < plan.tasks; ++i) {
      Task task;
      task.job = static_cast<std::uint32_t>(jobs_.size());
      task.left = plan.start_ms + ms((turns[i] + 1) * 60 / plan.rollout_per_minute);
      double wait = kStartMinS + kStartMeanS * exponential(random_);
      if (unit(random_) < life.offline) wait += kOfflineMeanS * exponential(random_);
      const Ms begun = task.left + ms(wait);
      const double fate = unit(random_);
      if (fate < life.rejected) {
        task.outcome = TaskStatus::kRejected;
        task.end = begun;
      } else {
        task.started = begun;
        const bool fails = fate < life.rejected + life.failed;
        const bool hangs = !fails && fate < life.rejected + life.failed + life.hangs;
        const double median = fails ? kFailedMedianS : life.run_median_s;
        const Ms takes = ms(median * std::exp(normal(random_)));
        task.outcome = fails ? TaskStatus::kFailed : TaskStatus::kSucceeded;
        task.end = begun + takes;
        if (life.timeout_ms > 0 && (hangs || takes > life.timeout_ms)) {
          task.outcome = TaskStatus::kTimedOut;
          task.end = begun + life.timeout_ms + ms(kTimeoutSlackS * unit(random_));
        }
      }
      tasks_.push_back(task);
    }
    jobs_.push_back(std::move(job));
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

TaskStatus World::status_at(const Task& task, Ms at) const {
  if (at >= task.end) return task.outcome;
  if (at >= task.started) return TaskStatus::kInProgress;
  return at >= task.left ? TaskStatus::kSent : TaskStatus::kQueued;
}

Ms World::modified_at(const Task& task, Ms at) const {
  if (at >= task.end) return task.end;
  if (at >= task.started) return task.started;
  return at >= task.left ? task.left : jobs_[task.job].plan.start_ms;
}

TaskReply World::reply(std::size_t number, Ms at, Wall epoch) const {
  const Task& task = tasks_[number];
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
  JobStatistics said;
  if (at < job.plan.start_ms) return said;
  const auto until = [&](const std::vector<std::uint32_t>& by, auto instant) {
    return static_cast<std::uint32_t>(
        std::partition_point(by.begin(), by.end(), [&](auto task) { return instant(task) <= at; }) -
        by.begin());
  };
  const auto left = until(job.by_left, [&](auto task) { return tasks_[task].left; });
  const auto started = until(job.by_started, [&](auto task) { return tasks_[task].started; });
  std::uint32_t ended = 0, rejected = 0;
  for (const TaskStatus status : kAllTaskStatuses) {
    const auto& by = job.by_end[static_cast<std::size_t>(status)];
    const auto n = until(by, [&](auto task) { return tasks_[task].end; });
    count_of(said.tasks, status) += n;
    (status == TaskStatus::kRejected ? rejected : ended) += n;
  }
  said.total = job.plan.tasks;
  count_of(said.tasks, TaskStatus::kQueued) = said.total - left;
  count_of(said.tasks, TaskStatus::kSent) = left - started - rejected;
  count_of(said.tasks, TaskStatus::kInProgress) = started - ended;
  return said;
}

TaskPage World::page(std::size_t number, std::optional<TaskStatus> status, const std::string& token,
                     std::size_t limit, Ms at, Wall epoch) {
  const Job& job = jobs_[number];
  TaskPage page;
  if (at < job.plan.start_ms) return page;
  // A token consists of the order and the position after the last row, so it stays valid while the
  // list grows.
  Order order = order_;
  std::size_t place = 0;
  if (!token.empty()) {
    order = static_cast<Order>(token[0] - '0');
    place = std::strtoull(token.c_str() + 1, nullptr, 10);
  } else if (order == Order::kMixed) {
    order = static_cast<Order>(random_() % 3);
  }
  const std::vector<std::uint32_t>* by = nullptr;  // null: by id
  if (order != Order::kId && status) {
    if (*status == TaskStatus::kSent) by = &job.by_left;
    if (*status == TaskStatus::kInProgress) by = &job.by_started;
    if (is_finished(*status)) by = &job.by_end[static_cast<std::size_t>(*status)];
  }
  const std::size_t size = by == nullptr ? job.plan.tasks : by->size();
  // Newest first counts positions from the currently newest row; later rows are added behind it.
  const bool backwards = by != nullptr && order == Order::kNewest;
  if (backwards && token.empty()) {
    const auto happened = [&](std::uint32_t task) {
      const Task& one = tasks_[task];
      if (*status == TaskStatus::kSent) return one.left <= at;
      return (*status == TaskStatus::kInProgress ? one.started : one.end) <= at;
    };
    place = static_cast<std::size_t>(std::partition_point(by->begin(), by->end(), happened) -
                                     by->begin());
  }
  const auto at_place = [&](std::size_t i) { return by == nullptr ? job.first + i : (*by)[i]; };
  const auto step = [&](std::size_t& i) { return backwards ? i-- > 0 : i < size; };
  for (std::size_t i = place; step(i); i += backwards ? 0 : 1) {
    const Task& task = tasks_[at_place(i)];
    if (status && status_at(task, at) != *status) {
      // All later rows in this order are still in the future.
      if (by != nullptr && !backwards && is_finished(*status)) break;
      continue;
    }
    if (page.tasks.size() == limit) {
      const std::size_t next = backwards ? i + 1 : i;
      page.next_token = std::to_string(static_cast<int>(order)) + std::to_string(next);
      break;
    }
    page.tasks.push_back(reply(at_place(i), at, epoch));
    page.tasks.back().listed = true;
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
