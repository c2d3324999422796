#include "simulator/model_control.h"

#include <array>
#include <cstdio>

#include "simulator/model_job_state.h"

namespace iotsim {
namespace {

struct ControlTurn {
  ModelCloud& cloud;
  Pairs parameters;
  Now now;

  std::string get(std::string_view name) const {
    for (const auto& [key, value] : parameters) {
      if (key == name) return value;
    }
    return "";
  }
};

Response reply(int status, const Value& value) {
  Response response;
  response.status = status;
  response.headers = {{"content-type", "application/json"}};
  response.body = to_json(value) + '\n';
  return response;
}

Response refuse(int status, const std::string& message) {
  return reply(status, object({{"error", text_value(message)}}));
}

Value count(std::uint64_t n) {
  return number(static_cast<std::int64_t>(n));
}

Value decimal(double x) {
  std::array<char, 40> text;
  std::snprintf(text.data(), text.size(), "%.4f", x);
  return literal(text.data());
}

void add_counts(const ApiStats& s, std::vector<Member>& members) {
  members.push_back({"calls", count(s.calls)});
  members.push_back({"refused", count(s.throttled)});
  members.push_back({"accepted", count(s.accepted)});
  members.push_back({"ok", count(s.ok)});
  members.push_back({"peak_received", count(s.peak_received)});
  members.push_back({"peak_accepted", count(s.peak_accepted)});
  members.push_back({"span_seconds", decimal(s.span_seconds)});
  members.push_back({"last_10s", count(s.last_10s)});
}

Response show_stats(ControlTurn& turn) {
  std::vector<Value> apis, accounts;
  for (const auto& [key, s] : turn.cloud.log().stats(turn.now)) {
    std::vector<Member> members = {{"account", text_value(key.first)},
                                   {"api", text_value(key.second)}};
    add_counts(s, members);
    members.push_back({"quota", number(s.quota)});
    members.push_back({"goodput", decimal(s.goodput)});
    apis.push_back(object(std::move(members)));
  }
  for (const auto& [account, s] : turn.cloud.log().account_stats(turn.now)) {
    std::vector<Member> members = {{"account", text_value(account)}};
    add_counts(s, members);
    accounts.push_back(object(std::move(members)));
  }
  return reply(200, object({{"now_ms", number(turn.now.wall_ms)},
                            {"apis", array(std::move(apis))},
                            {"accounts", array(std::move(accounts))}}));
}

Response reset_stats(ControlTurn& turn) {
  turn.cloud.log().reset();
  return reply(200, object({}));
}

Response show_calls(ControlTurn& turn) {
  std::vector<Value> calls;
  for (const CallRecord& call : turn.cloud.log().recent()) {
    calls.push_back(object({{"at_ms", number(call.wall_ms)},
                            {"mono_us", number(call.mono_us)},
                            {"account", text_value(call.account)},
                            {"api", text_value(call.api)},
                            {"task", text_value(call.task)},
                            {"status", number(call.status)},
                            {"code", text_value(call.code)},
                            {"refused", boolean(call.throttled)},
                            {"ok", boolean(call.ok)},
                            {"filter", text_value(call.filter)},
                            {"client", text_value(call.client)}}));
  }
  return reply(200, object({{"calls", array(std::move(calls))}}));
}

Response show_tasks(ControlTurn& turn) {
  World& world = turn.cloud.world();
  std::vector<Value> tasks;
  for (std::size_t i = 0; i < world.task_count(); ++i) {
    const Task& task = world.task_at(i);
    const auto state = world.status_at(task, turn.now.wall_ms);
    const std::string status = state ? state->word : "";
    if (!turn.get("job").empty() && turn.get("job") != world.job_of(task).spec.id) continue;
    if (!turn.get("status").empty() && turn.get("status") != status) continue;
    const Instance& instance = world.instance_of(task);
    tasks.push_back(object({{"id", text_value(task.id)},
                            {"job", text_value(world.job_of(task).spec.id)},
                            {"account", text_value(instance.account)},
                            {"instance", text_value(instance.id)},
                            {"device", text_value(world.device_name(task))},
                            {"status", text_value(status)}}));
  }
  return reply(200, object({{"tasks", array(std::move(tasks))}}));
}

Response show_jobs(ControlTurn& turn) {
  World& world = turn.cloud.world();
  std::vector<Value> jobs;
  for (const Job& job : world.jobs()) {
    std::map<std::string, std::uint64_t> counts;
    for (const Task* const task : job.tasks) {
      if (const auto state = world.status_at(*task, turn.now.wall_ms)) ++counts[state->word];
    }
    std::vector<Member> by_status;
    for (const auto& [word, n] : counts) by_status.push_back({word, count(n)});
    const auto state = job_state(world, job, turn.now.wall_ms);
    jobs.push_back(object({{"id", text_value(job.spec.id)},
                           {"name", text_value(job.spec.name)},
                           {"account", text_value(world.instances()[job.spec.instance].account)},
                           {"status", text_value(state ? std::string(state->word) : "")},
                           {"tasks", object(std::move(by_status))}}));
  }
  return reply(200, object({{"jobs", array(std::move(jobs))}}));
}

Response show_history(ControlTurn& turn) {
  World& world = turn.cloud.world();
  const Task* const task = world.task(turn.get("task"));
  if (task == nullptr) return refuse(404, "no such task");
  const bool all = turn.get("all") == "true";
  std::vector<Value> steps;
  for (std::size_t i = 0; i < world.history(*task).size(); ++i) {
    const std::int64_t at = world.history(*task)[i].at_ms;
    if (!all && at > turn.now.wall_ms) break;
    const TaskState state = world.state_after(*task, i);
    std::vector<Member> step = {{"at", text_value(utc_milliseconds(at))},
                                {"at_ms", number(at)},
                                {"status", text_value(state.word)},
                                {"attempt", number(state.attempt)}};
    if (state.has_progress) step.push_back({"progress", text_value(state.progress)});
    steps.push_back(object(std::move(step)));
  }
  std::vector<Member> members = {{"task", text_value(task->id)},
                                 {"job", text_value(world.job_of(*task).spec.id)},
                                 {"device", text_value(world.device_name(*task))}};
  if (task->removed_ms != kNever) members.push_back({"removed_ms", number(task->removed_ms)});
  members.push_back({"history", array(std::move(steps))});
  return reply(200, object(std::move(members)));
}

// Sets all given switches, or none of them.
Response turn_switches(ControlTurn& turn) {
  Switches changed = turn.cloud.switches;
  for (const auto& [name, value] : turn.parameters) {
    if (const auto error = set_switch(changed, name, value)) return refuse(400, *error);
  }
  turn.cloud.switches = changed;
  std::vector<Member> members;
  for (auto& [name, value] : list_switches(changed)) members.push_back({name, text_value(value)});
  return reply(200, object(std::move(members)));
}

Response rerun(ControlTurn& turn) {
  if (turn.cloud.world().job(turn.get("job")) == nullptr) return refuse(404, "no such job");
  const auto kind = turn.get("keep") == "false" ? RerunKind::kNewTaskId : RerunKind::kKeepTaskId;
  std::vector<Value> ids;
  for (auto& id : turn.cloud.world().rerun(turn.get("job"), turn.now.wall_ms, kind)) {
    ids.push_back(text_value(std::move(id)));
  }
  return reply(200, object({{"tasks", array(std::move(ids))}}));
}

Response cancel(ControlTurn& turn) {
  if (turn.cloud.world().job(turn.get("job")) == nullptr) return refuse(404, "no such job");
  const std::size_t n = turn.cloud.world().cancel(turn.get("job"), turn.now.wall_ms);
  return reply(200, object({{"cancelled", count(n)}}));
}

Response show_distributions(ControlTurn& turn) {
  std::vector<Value> distributions;
  const auto& all = turn.cloud.world().distributions();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Distribution& d = all[i];
    const bool is_known = d.is_known(turn.now.wall_ms);
    std::map<std::string, std::uint64_t> by_code;
    for (const DistributionRow& row : result_rows(d, turn.cloud.world().seed())) {
      ++by_code[row.code];
    }
    std::vector<Member> codes;
    for (const auto& [code, n] : by_code) codes.push_back({code, count(n)});
    distributions.push_back(
        object({{"id", text_value(d.spec.id)},
                {"account", text_value(d.spec.account)},
                {"status", is_known ? number(d.status(turn.now.wall_ms)) : literal("null")},
                {"total", count(d.total())},
                {"codes", object(std::move(codes))},
                {"links", count(turn.cloud.links().issued(i))},
                {"fetched", count(d.fetched)},
                {"refused", count(d.refused)}}));
  }
  return reply(200, object({{"distributions", array(std::move(distributions))}}));
}

Response remove_distribution(ControlTurn& turn) {
  for (Distribution& d : turn.cloud.world().distributions()) {
    if (d.spec.id != turn.get("distribution") || !d.is_known(turn.now.wall_ms)) continue;
    d.removed_ms = turn.now.wall_ms;
    return reply(200, object({{"removed", boolean(true)}}));
  }
  return refuse(404, "no such distribution");
}

Response remove(ControlTurn& turn) {
  World& world = turn.cloud.world();
  if (!turn.get("distribution").empty()) return remove_distribution(turn);
  if (const std::string job = turn.get("job"); !job.empty()) {
    if (!world.remove_job(job, turn.now.wall_ms)) return refuse(404, "no such job");
  } else if (!world.remove(turn.get("task"), turn.now.wall_ms)) {
    return refuse(404, "no such task");
  }
  return reply(200, object({{"removed", boolean(true)}}));
}

struct Path {
  std::string_view name;
  Response (*answer)(ControlTurn& turn);
};
constexpr std::array<Path, 11> kPaths = {{{"/-/stats", &show_stats},
                                          {"/-/stats/reset", &reset_stats},
                                          {"/-/calls", &show_calls},
                                          {"/-/tasks", &show_tasks},
                                          {"/-/jobs", &show_jobs},
                                          {"/-/distributions", &show_distributions},
                                          {"/-/history", &show_history},
                                          {"/-/switch", &turn_switches},
                                          {"/-/rerun", &rerun},
                                          {"/-/cancel", &cancel},
                                          {"/-/remove", &remove}}};

}  // namespace

Response control(ModelCloud& cloud, const Request& request, Now now) {
  const std::string_view target = request.target;
  const std::string_view path = target.substr(0, target.find('?'));
  const auto parameters =
      parse_form(path.size() < target.size() ? target.substr(path.size() + 1) : "");
  if (!parameters) return refuse(400, "the query is not encoded as it should");
  ControlTurn turn{cloud, *parameters, now};
  for (const Path& known : kPaths) {
    if (known.name == path) return known.answer(turn);
  }
  std::string names;
  for (const Path& known : kPaths) names += ' ' + std::string(known.name);
  return refuse(404, "known paths:" + names);
}

}  // namespace iotsim
