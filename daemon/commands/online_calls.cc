#include "commands/online_calls.h"
#include "account/account_jobs.h"

#include <algorithm>

#include "core/types/ascii.h"

namespace taskwatchd {
namespace {

constexpr char kNobody[] = "taskwatchdcheck000000000010001";

std::string first_of(const std::vector<std::string>& ids) {
  return ids.empty() ? std::string() : ids.front();
}

// "Forbidden.AccessKeyDisabled", "Forbidden.RiskControl": no RAM policy can fix these.
bool is_barred(const Failure& failure) {
  const std::string code = ascii_lower(failure.code);
  return code == "forbidden.accesskeydisabled" || code == "forbidden.riskcontrol";
}

}  // namespace

std::vector<OnlineCall> online_calls(const AccountConfig& account) {
  std::vector<OnlineCall> calls;
  std::optional<std::size_t> instance;
  const auto add = [&](ApiCall call, std::string id = {}) {
    if (account.quota.at(call.api) > 0) {
      calls.push_back({instance, std::move(call), std::move(id)});
    }
  };
  const auto or_nobody = [](const std::string& id) { return id.empty() ? kNobody : id; };
  for (std::size_t i = 0; i < account.instances.size(); ++i) {
    const InstanceConfig& one = account.instances[i];
    instance = i;
    const std::string task = first_of(one.tasks);
    add(query_task(or_nobody(task)), task);
    // Many explicit tasks may belong to one job: the daemon then polls that job too.
    if (one.jobs.empty() && !one.discover_jobs && one.tasks.size() < AccountJobs::kAssistTasks)
      continue;
    const std::string job = first_of(one.jobs);
    add(list_task(or_nobody(job), std::nullopt, {}, 1), job);
    add(query_job_statistics(or_nobody(job)), job);
    add(query_job(or_nobody(job)), job);
    if (one.discover_jobs) add(list_job(1, 1, std::nullopt));
  }
  if (account.distributions.ids.empty()) return calls;
  instance.reset();
  const std::string distribution = account.distributions.ids.front();
  add(query_distribution(distribution), distribution);
  // A made-up id, because the response for a real one is a link that works like a credential, or an
  // error while the distribution is in progress.
  add(distribution_file(kNobody));
  return calls;
}

std::string ram_policy(const std::vector<OnlineCall>& calls) {
  std::string actions;
  for (const Api api : kAllApis) {
    const bool asked = std::any_of(calls.begin(), calls.end(),
                                   [&](const OnlineCall& one) { return one.call.api == api; });
    if (!asked) continue;
    if (!actions.empty()) actions += ',';
    actions += "\"iot:" + std::string(name(api)) + '"';
  }
  // RAM policies for the IoT Platform support no resource narrower than all.
  return R"({"Version":"1","Statement":[{"Effect":"Allow","Action":[)" + actions +
         R"(],"Resource":"*"}]})";
}

bool lacks_action(const Failure& failure) {
  return failure.reason == Reason::kForbidden && !is_barred(failure);
}

bool is_of_account(const Failure& failure) {
  switch (failure.reason) {
    case Reason::kAuth:
    case Reason::kOverdue:
    case Reason::kClockSkew:
      return true;
    case Reason::kForbidden:
      return is_barred(failure);
    case Reason::kThrottled:
    case Reason::kTimeout:
    case Reason::kUnreachable:
    case Reason::kTls:
    case Reason::kServerError:
    case Reason::kNotFound:
    case Reason::kBadRequest:
    case Reason::kProtocol:
      return false;
  }
  return false;
}

bool is_of_endpoint(const Failure& failure) {
  return failure.reason == Reason::kTimeout || failure.reason == Reason::kUnreachable ||
         failure.reason == Reason::kTls;
}

}  // namespace taskwatchd
