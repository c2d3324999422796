// QueryJobStatistics, as documented at
// help.aliyun.com/zh/iot/developer-reference/api-queryjobstatistics.
#include <array>

#include "simulator/model_job_state.h"

namespace iotsim {
namespace {

struct Count {
  Status status;
  const char* name;
};
constexpr std::array<Count, 8> kCounts = {{{Status::kQueued, "Queued"},
                                           {Status::kSent, "Sent"},
                                           {Status::kInProgress, "InProgress"},
                                           {Status::kSucceeded, "Succeeded"},
                                           {Status::kFailed, "Failed"},
                                           {Status::kRejected, "Rejected"},
                                           {Status::kTimedOut, "TimeOut"},
                                           {Status::kCancelled, "Cancelled"}}};

}  // namespace

ActionAnswer query_job_statistics(ActionContext& context) {
  const auto found = find_job(context);
  if (const auto* const refusal = std::get_if<Refusal>(&found)) return *refusal;
  TaskLedger& ledger = context.world.ledger(*std::get<const Job*>(found));
  ledger.move_to(context.world_ms - context.switches.statistics_lag_ms);
  const auto member = [&](std::string name, std::size_t n) {
    if (context.switches.statistics_case == "lower") name[0] = static_cast<char>(name[0] | 0x20);
    return Member{std::move(name), number(static_cast<std::int64_t>(n))};
  };
  std::vector<Member> data;
  data.push_back(member("Total", ledger.total()));
  for (const Count& count : kCounts) data.push_back(member(count.name, ledger.count(count.status)));
  std::vector<Member> members;
  members.push_back({"Data", object(std::move(data))});
  return members;
}

}  // namespace iotsim
