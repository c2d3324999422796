#include "simulator/model_world.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "simulator/model_text.h"

namespace iotsim {
namespace {

// Returns a seeded order in which the roll-out handles `n` tasks.
std::vector<std::uint32_t> shuffled(std::uint32_t n, Random random) {
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0U);
  for (std::uint32_t i = n; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

std::int64_t turn(std::int64_t start, std::uint32_t position, double per_minute) {
  return start + static_cast<std::int64_t>(60'000.0 * position / per_minute);
}

}  // namespace

Account& World::add(Account account) {
  return accounts_.emplace_back(std::move(account));
}

std::size_t World::add(Instance instance) {
  instances_.push_back(std::move(instance));
  return instances_.size() - 1;
}

Job& World::add(JobSpec spec) {
  if (spec.instance >= instances_.size()) throw std::invalid_argument("no such instance");
  if (job(spec.id) != nullptr) throw std::invalid_argument("job id used twice: " + spec.id);
  if (!(spec.rollout_per_minute > 0)) throw std::invalid_argument("roll-out must be above 0");
  const auto number = static_cast<std::uint32_t>(jobs_.size());
  Job& job = jobs_.emplace_back();
  job.spec = std::move(spec);
  const JobSpec& s = job.spec;
  const auto order = shuffled(s.devices, Random(mix(seed_, hash_text(s.id))));
  job.tasks.reserve(s.devices + s.scripts.size());
  for (std::uint32_t i = 0; i < s.devices; ++i) {
    Task& task = add_task(number, i, make_task_id(s.id, i, 0));
    task.queued_ms = job.created_ms();
    task.leave_ms = turn(s.start_ms, order[i], s.rollout_per_minute);
  }
  add_scripts(job);
  return job;
}

Distribution& World::add(DistributionSpec spec) {
  if (account(spec.account) == nullptr) throw std::invalid_argument("no such account");
  for (const Distribution& other : distributions_) {
    if (other.spec.account == spec.account && other.spec.id == spec.id) {
      throw std::invalid_argument("distribution id used twice: " + spec.id);
    }
  }
  Distribution& distribution = distributions_.emplace_back();
  distribution.spec = std::move(spec);
  return distribution;
}

void World::add_scripts(Job& job) {
  const auto number = static_cast<std::uint32_t>(jobs_.size() - 1);
  for (std::size_t i = 0; i < job.spec.scripts.size(); ++i) {
    const Script& script = job.spec.scripts[i];
    if (script.attempts.empty() || script.attempts.front().empty()) {
      throw std::invalid_argument("a scripted task needs steps");
    }
    const auto device = static_cast<std::uint32_t>(job.spec.devices + i);
    Task& task =
        add_task(number, device,
                 script.task_id.empty() ? make_task_id(job.spec.id, device, 0) : script.task_id);
    task.script = std::make_unique<const Script>(script);
    for (const auto& attempt : task.script->attempts) {
      for (const ScriptStep& step : attempt) task.texts.push_back(&step);
    }
    task.queued_ms = task.leave_ms = job.spec.start_ms;
  }
}

Task& World::add_task(std::uint32_t job, std::uint32_t device, std::string id) {
  if (task_index_.contains(id)) throw std::invalid_argument("task id used twice: " + id);
  Task& task = tasks_.emplace_back();
  task.id = std::move(id);
  task.job = job;
  task.device = device;
  task_index_.emplace(task.id, static_cast<std::uint32_t>(tasks_.size() - 1));
  jobs_[job].tasks.push_back(&task);
  return task;
}

// Ids do not depend on the seed: one configuration fits every seed of its scenario.
std::string World::make_task_id(const std::string& job_id, std::uint32_t device,
                                std::uint32_t rerun) {
  for (std::uint64_t salt = 0;; ++salt) {
    const std::uint64_t hash = mix(hash_text(job_id), (salt << 48U) ^ (device * 1024ULL + rerun));
    std::string id = "MSnT9" + base62(hash, 11) + "q010101";
    if (!task_index_.contains(id)) return id;
  }
}

Account* World::account(std::string_view name) {
  for (Account& account : accounts_) {
    if (account.name == name) return &account;
  }
  return nullptr;
}

const Job* World::job(std::string_view id) const {
  for (const Job& job : jobs_) {
    if (job.spec.id == id) return &job;
  }
  return nullptr;
}

const Task* World::task(std::string_view id) const {
  const auto found = task_index_.find(id);
  return found == task_index_.end() ? nullptr : &tasks_[found->second];
}

const Instance& World::instance_of(const Task& task) const {
  return instances_[jobs_[task.job].spec.instance];
}

std::string World::device_name(const Task& task) const {
  if (task.script && !task.script->device.empty()) return task.script->device;
  std::string digits = std::to_string(task.device + 1);
  digits.insert(0, digits.size() < 6 ? 6 - digits.size() : 0, '0');
  return "device-" + digits;
}

std::string World::iot_id(const Task& task) const {
  return base62(mix(hash_text(jobs_[task.job].spec.id), task.device), 11) + "000101";
}

// Returns the steps of one attempt; `from` is when it is queued.
std::vector<Step> World::play(Task& task, std::int64_t from, std::int64_t leave,
                              std::uint16_t attempt) {
  const JobSpec& spec = jobs_[task.job].spec;
  if (!task.script) {
    return draw_life(spec.life, {from, leave, spec.timeout_ms, attempt},
                     Random(mix(mix(seed_, hash_text(task.id)), attempt)));
  }
  const auto& attempts = task.script->attempts;
  const std::size_t which = std::min<std::size_t>(attempt, attempts.size()) - 1;
  std::uint32_t texts = 1;
  for (std::size_t i = 0; i < which; ++i) texts += static_cast<std::uint32_t>(attempts[i].size());
  std::vector<Step> steps;
  for (const ScriptStep& line : attempts[which]) {
    steps.push_back({from + line.offset_ms, parse_status(line.status), -1, attempt, texts++});
  }
  return steps;
}

const std::vector<Step>& World::steps(Task& task) {
  if (task.steps.empty()) task.steps = play(task, task.queued_ms, task.leave_ms, 1);
  return task.steps;
}

const std::vector<Step>& World::history(const Task& task) {
  return steps(own(task));
}

TaskState World::state_after(const Task& task, std::size_t index) {
  const std::vector<Step>& all = steps(own(task));
  const Step& step = all.at(index);
  TaskState state;
  state.status = step.status;
  state.attempt = step.attempt;
  if (step.texts > 0) {
    const ScriptStep& line = *task.texts.at(step.texts - 1);
    state.word = line.status;
    state.has_progress = line.has_progress;
    state.progress = line.progress;
    state.message = line.message;
    state.detail = line.detail;
  } else {
    state.word = kStatusWords.at(static_cast<std::size_t>(step.status));
    state.has_progress = step.progress >= 0;
    if (state.has_progress) state.progress = std::to_string(step.progress);
    const std::uint64_t variety = mix(hash_text(task.id), step.attempt);
    state.message = usual_message(step.status, variety);
    state.detail = usual_detail(step.status, step.progress, variety);
  }
  // Goes back to the report or change that set UtcModified, and to the beginning of the attempt.
  std::size_t changed = index;
  while (!progress_bumps_modified && changed > 0 && all[changed - 1].status == step.status &&
         all[changed - 1].attempt == step.attempt) {
    --changed;
  }
  std::size_t first = changed;
  while (first > 0 && all[first - 1].attempt == step.attempt) --first;
  state.modified_ms = all[changed].at_ms;
  state.queued_ms = all[first].at_ms;
  return state;
}

std::optional<TaskState> World::status_at(const Task& task, std::int64_t t) {
  if (t >= task.removed_ms) return std::nullopt;
  const std::vector<Step>& all = steps(own(task));
  const auto after = std::upper_bound(all.begin(), all.end(), t,
                                      [](std::int64_t at, const Step& s) { return at < s.at_ms; });
  if (after == all.begin()) return std::nullopt;
  return state_after(task, static_cast<std::size_t>(after - all.begin() - 1));
}

std::vector<std::string> World::rerun(std::string_view job_id, std::int64_t t, RerunKind kind) {
  const Job* const found = job(job_id);
  if (found == nullptr) return {};
  Job& target = own(*found);
  target.reruns.push_back(t);
  target.ledger.reset();
  std::vector<Task*> again;
  for (Task* const task : target.tasks) {
    if (task->superseded) continue;
    const auto state = status_at(*task, t);
    if (state && can_rerun(state->status)) again.push_back(task);
  }
  const auto order = shuffled(static_cast<std::uint32_t>(again.size()),
                              Random(mix(mix(seed_, hash_text(job_id)), target.reruns.size())));
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < again.size(); ++i) {
    Task& task = *again[i];
    const std::int64_t leave = turn(t, order[i], target.spec.rollout_per_minute);
    const auto attempt = static_cast<std::uint16_t>(task.attempts + 1);
    if (kind == RerunKind::kKeepTaskId) {
      task.attempts = attempt;
      for (const Step& step : play(task, t, leave, attempt)) task.steps.push_back(step);
      ids.push_back(task.id);
      continue;
    }
    const auto number = static_cast<std::uint32_t>(target.reruns.size());
    Task& fresh =
        add_task(task.job, task.device, make_task_id(target.spec.id, task.device, number));
    task.superseded = true;
    fresh.queued_ms = t;
    fresh.leave_ms = leave;
    fresh.attempts = attempt;
    if (task.script) {
      fresh.script = std::make_unique<const Script>(*task.script);
      for (const auto& lines : fresh.script->attempts) {
        for (const ScriptStep& line : lines) fresh.texts.push_back(&line);
      }
    }
    fresh.steps = play(fresh, t, leave, attempt);
    ids.push_back(fresh.id);
  }
  if (!ids.empty()) target.cancelled_ms = kNever;
  return ids;
}

std::size_t World::cancel(std::string_view job_id, std::int64_t t) {
  const Job* const found = job(job_id);
  if (found == nullptr) return 0;
  Job& target = own(*found);
  target.ledger.reset();
  std::size_t cancelled = 0;
  for (Task* const task : target.tasks) {
    const auto state = status_at(*task, t);
    if (!state || is_finished(state->status)) continue;
    std::erase_if(task->steps, [t](const Step& step) { return step.at_ms > t; });
    Step end = task->steps.back();
    end.at_ms = t;
    end.status = Status::kCancelled;
    end.texts = 0;
    task->steps.push_back(end);
    ++cancelled;
  }
  if (cancelled > 0) target.cancelled_ms = std::min(target.cancelled_ms, t);
  return cancelled;
}

bool World::remove(std::string_view task_id, std::int64_t t) {
  const Task* const found = task(task_id);
  if (found == nullptr) return false;
  own(*found).removed_ms = std::min(found->removed_ms, t);
  jobs_[found->job].ledger.reset();
  return true;
}

bool World::remove_job(std::string_view job_id, std::int64_t t) {
  const Job* const found = job(job_id);
  if (found == nullptr) return false;
  own(*found).removed_ms = std::min(found->removed_ms, t);
  for (const Task* const task : found->tasks) remove(task->id, t);
  return true;
}

TaskLedger& World::ledger(const Job& job) {
  std::shared_ptr<TaskLedger>& ledger = own(job).ledger;
  if (!ledger || ledger->progress_bumps() != progress_bumps_modified) {
    ledger = std::make_shared<TaskLedger>(*this, job.tasks, progress_bumps_modified);
  }
  return *ledger;
}

}  // namespace iotsim
