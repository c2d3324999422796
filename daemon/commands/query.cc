#include "commands/query.h"

#include <cstdio>
#include <map>
#include <set>
#include <utility>

#include "core/events/json.h"
#include "core/types/exit_code.h"
#include "io/system/complain.h"

namespace taskwatchd {
namespace {

// The device message was redacted and bounded by cloud/reply; the JSON writer escapes it. It is not
// cut to the length of an event's text: a user who queries one task wants all of it.
std::string answer_json(const AccountConfig& account, const InstanceConfig& instance,
                        const TaskReply& reply) {
  JsonObject json;
  json.add("account", account.name);
  json.add("iot_instance", instance.name);
  json.add("task_id", reply.task_id);
  json.add("job_id", reply.job_id);
  json.add("job_name", reply.job_name);
  json.add("product_key", reply.product_key);
  json.add("device_name", reply.device_name);
  json.add("status", std::string(name(reply.status)));
  json.add_if("status_text", reply.status_text);
  if (reply.progress) json.add("progress", json_number(*reply.progress));
  json.add_if("message", reply.message);
  json.add_if("status_detail", reply.status_detail);
  json.add("queued_at", rfc3339(reply.queued));
  json.add("modified_at", rfc3339(reply.modified));
  return json.text();
}

std::string failure_json(const std::string& task_id, const Failure& failure,
                         const std::string& advice) {
  JsonObject json;
  json.add("task_id", task_id);
  json.add("error", std::string(name(failure.reason)));
  json.add("code", failure.code);
  json.add("message", advice);
  return json.text();
}

// Returns true if the failure is not about the one task: the next one would fail in the same way.
bool is_of_place(Reason reason) {
  return reason != Reason::kNotFound && reason != Reason::kBadRequest &&
         reason != Reason::kProtocol;
}

bool print(const std::string& line) {
  return std::fputs((line + "\n").c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
}

Awaitable<int> query_all(const Asking& asking, Asker& asker) {
  std::map<std::pair<std::size_t, std::size_t>, AskResult> down;  // instances that do not respond
  std::set<std::string> reported;                                 // to print each failure once
  bool failed = false;
  bool unavailable = false;
  for (const Target& target : asking.targets) {
    const AccountConfig& account = asking.config.accounts[target.account];
    const auto place = std::pair(target.account, target.instance);
    AskResult result;
    if (const auto known = down.find(place); known != down.end()) {
      result = known->second;
    } else {
      ApiCall call = query_task(target.task_id);
      result = co_await asker.ask(target.account, target.instance, std::move(call));
    }
    std::string line;
    if (const auto* failure = std::get_if<Failure>(&result.outcome)) {
      failed = true;
      unavailable = unavailable || exit_code_for(failure->reason) == kExitUnavailable;
      if (is_of_place(failure->reason)) down.emplace(place, result);
      if (reported.insert(result.advice).second) {
        complain((is_of_place(failure->reason) ? "" : "task " + target.task_id + ": ") +
                 result.advice);
      }
      line = failure_json(target.task_id, *failure, result.advice);
    } else {
      line = answer_json(account, account.instances[target.instance],
                         std::get<TaskReply>(result.outcome));
    }
    if (!print(line)) co_return kExitOther;  // stdout was closed
  }
  if (unavailable) co_return kExitUnavailable;
  co_return failed ? kExitOther : kExitOk;
}

}  // namespace

int exit_code_for(Reason reason) {
  switch (reason) {
    case Reason::kTimeout:
    case Reason::kUnreachable:
    case Reason::kTls:
    case Reason::kServerError:
      return kExitUnavailable;
    case Reason::kThrottled:
    case Reason::kAuth:
    case Reason::kForbidden:
    case Reason::kOverdue:
    case Reason::kClockSkew:
    case Reason::kNotFound:
    case Reason::kBadRequest:
    case Reason::kProtocol:
      return kExitOther;
  }
  return kExitOther;
}

int query(const AskOptions& options) {
  auto prepared = prepare_asking(options);
  if (const auto* refused = std::get_if<Refusal>(&prepared)) {
    std::fputs(refused->text.c_str(), stderr);
    return kExitConfig;
  }
  const Asking& asking = std::get<Asking>(prepared);
  report_slow_pace(asking);
  AskLoop loop(asking.config);
  if (const auto refused = loop.refuse_keys(asking.targets)) {
    std::fputs(refused->text.c_str(), stderr);
    return kExitConfig;
  }
  return loop.run(query_all(asking, loop.asker()));
}

}  // namespace taskwatchd
