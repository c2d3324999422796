#include "server/api_answers.h"

#include <algorithm>

#include "pipeline/next_turn.h"
#include "server/api_parameters.h"
#include "view/distribution_json.h"
#include "view/jobs_json.h"
#include "view/tasks_json.h"

namespace taskwatchd {
namespace {

// A list of more is made on another thread.
constexpr std::size_t kDevicesOnLoop = 500;
constexpr std::size_t kTasksOnLoop = 100;
constexpr std::size_t kJobsOnLoop = 100;
constexpr std::size_t kAccountsOnLoop = 50;

std::size_t listed_devices(const DistributionRecord& record) {
  return record.result ? record.result->failed_devices.size() : 0;
}

}  // namespace

Awaitable<ApiReply> ApiAnswers::answer(ApiQuestion question) {
  if (!sources_.ready()) {
    co_return ApiReply{503, {}, "unavailable", "taskwatchd is not ready"};
  }
  ApiParameters parameters(question);
  const std::string account = parameters.text("account");
  if (parameters.wrong()) co_return *parameters.wrong();
  switch (question.route) {
    case ApiRoute::kTask:
      co_return co_await tasks_.ask(std::move(question.id), account);
    case ApiRoute::kDistributions:
      co_return distributions();
    case ApiRoute::kFailedDevices:
      co_return failed_devices(question.id, account);
    case ApiRoute::kStatus:
      co_return co_await status();
    case ApiRoute::kJobs:
      co_return co_await jobs();
    case ApiRoute::kTasks:
      co_return co_await tasks(std::move(question));
    case ApiRoute::kTransitions:
      co_return co_await events_.transitions(std::move(question));
    case ApiRoute::kEvents:
      co_return co_await events_.stream(std::move(question));
    case ApiRoute::kMutes:
      co_return notify_.mutes();
    case ApiRoute::kTestSink:
      co_return co_await notify_.test(std::move(question));
    case ApiRoute::kReplay:
      co_return co_await notify_.replay(std::move(question));
    case ApiRoute::kMute:
      co_return co_await notify_.mute(std::move(question));
    case ApiRoute::kUnmute:
      co_return co_await notify_.unmute(std::move(question));
  }
  co_return ApiReply{500, {}, "internal", "no such route"};
}

// Without the accounts that another replica has taken over: the metrics still have their last
// values, which the API does not show as current.
std::vector<AccountStatus> ApiAnswers::polled(std::vector<AccountStatus> accounts) const {
  std::erase_if(accounts, [&](const AccountStatus& one) { return !fleet_.has_account(one.name); });
  return accounts;
}

Awaitable<ApiReply> ApiAnswers::status() const {
  DaemonStatus status = co_await sources_.status();
  status.accounts = polled(std::move(status.accounts));
  const bool is_long = status.accounts.size() > kAccountsOnLoop;
  auto make = [status = std::move(status), facts = sources_.facts] {
    return status_json(status, facts);
  };
  co_return list_of(is_long, std::move(make));
}

Awaitable<ApiReply> ApiAnswers::jobs() const {
  DaemonStatus status = co_await sources_.status();
  std::vector<AccountStatus> accounts = polled(std::move(status.accounts));
  std::size_t count = 0;
  for (const AccountStatus& one : accounts) count += one.jobs.size();
  auto make = [accounts = std::move(accounts)] { return jobs_json(accounts); };
  co_return list_of(count > kJobsOnLoop, std::move(make));
}

// Other handlers of the event loop have a turn between two parts.
Awaitable<ApiReply> ApiAnswers::tasks(ApiQuestion question) const {
  ApiParameters parameters(question);
  TaskFilter filter;
  filter.account = parameters.text("account");
  filter.job_id = parameters.text("job");
  filter.text = parameters.text("q");
  parameters.statuses("status", filter);
  const std::uint64_t limit = parameters.limit();
  TaskKey after = parameters.cursor("cursor");
  if (!filter.account.empty() && !fleet_.has_account(filter.account)) {
    if (auto reply = elsewhere_.of_account(filter.account)) co_return *std::move(reply);
    parameters.refuse("account", "set it to the name of a configured account");
  }
  if (parameters.wrong()) co_return *parameters.wrong();
  TaskSelection selection(std::move(filter), std::move(after), limit);
  while (!fleet_.select(selection)) co_await next_turn();
  TaskListing listing = selection.take();
  const bool is_long = listing.tasks.size() > kTasksOnLoop;
  const std::string cursor = listing.next ? to_cursor(*listing.next) : "";
  auto make = [listing = std::move(listing), cursor] { return tasks_json(listing, cursor); };
  co_return list_of(is_long, std::move(make));
}

ApiReply ApiAnswers::distributions() const {
  std::vector<DistributionRecord> records = fleet_.distributions();
  std::size_t devices = 0;
  for (const DistributionRecord& one : records) devices += listed_devices(one);
  auto make = [records = std::move(records)] { return distributions_json(records); };
  return list_of(devices > kDevicesOnLoop, std::move(make));
}

ApiReply ApiAnswers::failed_devices(const std::string& id, const std::string& account) const {
  std::vector<DistributionRecord> found = fleet_.distributions();
  std::erase_if(found, [&](const DistributionRecord& one) {
    return one.key.distribution_id != id || (!account.empty() && one.key.account != account);
  });
  if (found.empty()) {
    const auto lists = [&](const AccountConfig& config) {
      const auto& ids = config.distributions.ids;
      return std::find(ids.begin(), ids.end(), id) != ids.end();
    };
    return elsewhere_.not_found("distribution " + id + " is not watched", account, lists);
  }
  if (found.size() > 1) {
    return {400, {}, "bad_data", "several accounts watch it: select one with ?account=NAME"};
  }
  if (!found.front().result) {
    return {404, {}, "not_found", "its result file has not been read yet"};
  }
  auto make = [record = found.front()] { return failed_devices_csv(record); };
  ApiReply reply = list_of(listed_devices(found.front()) > kDevicesOnLoop, std::move(make));
  reply.content_type = "text/csv; charset=utf-8";
  return reply;
}

}  // namespace taskwatchd
