#include "server/api_answers.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "server/api_parameters.h"
#include "view/distribution_json.h"
#include "view/jobs_json.h"
#include "view/tasks_json.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kTasksPerTurn = 250;   // of one page: about 2 ms
constexpr std::size_t kDevicesOnLoop = 500;  // a list of more is made on another thread

// Lets other handlers of the event loop run.
Awaitable<void> next_turn() {
  co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
}

std::size_t listed_devices(const DistributionRecord& record) {
  return record.result ? record.result->failed_devices.size() : 0;
}

ApiReply list_of(std::size_t devices, std::function<std::string()> make) {
  ApiReply reply;
  if (devices > kDevicesOnLoop) {
    reply.make_data = std::move(make);
  } else {
    reply.data = make();
  }
  return reply;
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
      co_return status();
    case ApiRoute::kJobs:
      co_return ApiReply{200, jobs_json(polled(fleet_.status()))};
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

ApiReply ApiAnswers::status() const {
  DaemonStatus status = sources_.status();
  status.accounts = polled(std::move(status.accounts));
  return {200, status_json(status, sources_.facts)};
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
  const TaskListing listing = selection.take();
  std::vector<std::string> items;
  for (const ListedTask& task : listing.tasks) {
    items.push_back(listed_task_json(task));
    if (items.size() % kTasksPerTurn == 0) co_await next_turn();
  }
  co_return ApiReply{
      200, tasks_json(items, listing.total, listing.next ? to_cursor(*listing.next) : ""), {}, {}};
}

ApiReply ApiAnswers::distributions() const {
  std::vector<DistributionRecord> records = fleet_.distributions();
  std::size_t devices = 0;
  for (const DistributionRecord& one : records) devices += listed_devices(one);
  auto make = [records = std::move(records)] { return distributions_json(records); };
  return list_of(devices, std::move(make));
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
  ApiReply reply = list_of(listed_devices(found.front()), std::move(make));
  reply.content_type = "text/csv; charset=utf-8";
  return reply;
}

}  // namespace taskwatchd
