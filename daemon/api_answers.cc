#include "api_answers.h"

#include "view/distribution_json.h"

namespace taskwatchd {

Awaitable<ApiReply> ApiAnswers::answer(ApiQuestion question) {
  if (!ready_()) {
    co_return ApiReply{503, {}, "unavailable", "taskwatchd is not ready"};
  }
  switch (question.route) {
    case ApiRoute::kTask: {
      std::string account = question.parameter("account");
      co_return co_await tasks_.ask(std::move(question.id), std::move(account));
    }
    case ApiRoute::kDistributions:
      co_return ApiReply{200, distributions_json(fleet_.distributions())};
    case ApiRoute::kFailedDevices:
      co_return failed_devices(question);
  }
  co_return ApiReply{500, {}, "internal", "no such route"};
}

ApiReply ApiAnswers::failed_devices(const ApiQuestion& question) const {
  const std::string account = question.parameter("account");
  std::vector<DistributionRecord> found = fleet_.distributions();
  std::erase_if(found, [&](const DistributionRecord& one) {
    return one.key.distribution_id != question.id ||
           (!account.empty() && one.key.account != account);
  });
  if (found.empty()) {
    return {404, {}, "not_found", "distribution " + question.id + " is not watched here"};
  }
  if (found.size() > 1) {
    return {400, {}, "bad_data", "several accounts watch it: name one with ?account=NAME"};
  }
  if (!found.front().result) {
    return {404, {}, "not_found", "its result file was not read yet"};
  }
  ApiReply reply{200, failed_devices_csv(found.front())};
  reply.content_type = "text/csv; charset=utf-8";
  return reply;
}

}  // namespace taskwatchd
