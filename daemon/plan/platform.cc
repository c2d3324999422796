#include "plan/platform.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace taskwatchd::plan {
namespace {

constexpr std::uint64_t kTokensSeed = 0x70ce;

Ms ms_of(Duration at) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(at).count();
}

// A pagination token contains the position in the list, the time of issue in microseconds and a
// number: PLACE.US.NUMBER.
struct Token {
  std::string place;
  Duration issued{};
  std::uint64_t number = 0;
};

Token read_token(const std::string& text) {
  Token token;
  const std::size_t dot = text.find('.');
  token.place = text.substr(0, dot);
  if (dot == std::string::npos) return token;
  char* end = nullptr;
  token.issued = Duration(std::strtoll(text.c_str() + dot + 1, &end, 10));
  if (*end == '.') token.number = std::strtoull(end + 1, nullptr, 10);
  return token;
}

// Returns the Failure that the daemon reads from an undocumented IoT code.
Failure bad_token(const char* code) {
  Failure failure;
  failure.reason = Reason::kBadRequest;
  failure.http_status = 200;
  failure.code = code;
  failure.message = "modelled";
  failure.maybe_not_found = true;
  return failure;
}

}  // namespace

Platform::Platform(World& world, const std::map<Api, double>& quota, const Faults& faults,
                   std::vector<Api> denied, Wall epoch)
    : world_(world),
      faults_(faults),
      gateway_(faults, quota, world.seed()),
      denied_(std::move(denied)),
      epoch_(epoch),
      random_(world.seed() ^ kTokensSeed) {}

Outcome Platform::answer(const Call& call, Duration at) {
  const auto failure = gateway_.arrive(call.api, at);
  if (std::find(denied_.begin(), denied_.end(), call.api) != denied_.end()) {
    Failure forbidden;
    forbidden.reason = Reason::kForbidden;
    forbidden.http_status = 403;
    forbidden.code = "Forbidden.RAM";
    return forbidden;
  }
  if (failure && failure->reason != Reason::kTimeout) return *failure;
  Outcome answered = data(call, at);
  // The response is lost, but a single-use token is used up.
  if (failure) return *failure;
  return answered;
}

Outcome Platform::data(const Call& call, Duration at) {
  switch (call.api) {
    case Api::kQueryTask:
      return world_.task(world_.task_number(call.task_id), ms_of(at), epoch_);
    case Api::kListTask:
      return page(call, at);
    case Api::kQueryJobStatistics: {
      const Duration seen = std::max(Duration::zero(), at - faults_.statistics_lag);
      return world_.statistics(world_.job_number(call.job_id), ms_of(seen));
    }
    case Api::kQueryJob:
      return world_.job(world_.job_number(call.job_id), ms_of(at), epoch_);
    default:
      return world_.listing(call.page, kListPage, ms_of(at), epoch_);
  }
}

Outcome Platform::page(const Call& call, Duration at) {
  const Token token = read_token(call.token);
  if (!call.token.empty()) {
    std::uniform_real_distribution<double> unit(0, 1);
    if (faults_.token_life && at - token.issued > *faults_.token_life) {
      return bad_token("iot.job.NextTokenExpired");
    }
    if (faults_.refused_tokens > 0 && unit(random_) < faults_.refused_tokens) {
      return bad_token("iot.job.InvalidNextToken");
    }
    if (faults_.single_use_tokens && !used_.insert(token.number).second) {
      return bad_token("iot.job.InvalidNextToken");
    }
  }
  TaskPage page = world_.page(world_.job_number(call.job_id), call.status, token.place, kListPage,
                              ms_of(at), epoch_);
  if (!page.next_token.empty()) {
    page.next_token += '.' + std::to_string(at.count()) + '.' + std::to_string(++tokens_);
  }
  return page;
}

}  // namespace taskwatchd::plan
