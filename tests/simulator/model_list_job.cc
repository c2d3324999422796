// ListJob, as documented at help.aliyun.com/zh/iot/developer-reference/api-listjob. The order is
// not documented; this file uses newest first.
#include <algorithm>

#include "simulator/model_job_state.h"

namespace iotsim {
namespace {

constexpr std::int64_t kMaxPageSize = 50;

struct JobRow {
  const Job* job;
  JobState state;
};

std::vector<JobRow> rows_of(ActionContext& context, const std::string& status) {
  std::vector<JobRow> rows;
  for (const Job& job : context.world.jobs()) {
    if (&context.world.instances()[job.spec.instance] != context.instance) continue;
    if (context.world_ms < job.created_ms() || context.world_ms >= job.removed_ms) continue;
    JobRow row{&job, {}};
    // The first call is slow for each job, so it is made only if the result depends on it.
    if (!status.empty()) {
      row.state = *job_state(context.world, job, context.world_ms);
      if (row.state.word != status) continue;
    }
    rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const JobRow& a, const JobRow& b) {
    return a.job->created_ms() > b.job->created_ms();
  });
  return rows;
}

}  // namespace

ActionAnswer list_job(ActionContext& context) {
  for (const char* const name : {"CurrentPage", "PageSize"}) {
    if (context.call.parameter(name) == nullptr) return missing(name);
  }
  const auto page = whole_parameter(context.call, "CurrentPage");
  const auto size = whole_parameter(context.call, "PageSize");
  if (!page || !size || *page < 1 || *page > 1'000'000 || *size < 1 || *size > kMaxPageSize) {
    return Refusal{200, "iot.common.InvalidPageParams", "The page parameters are invalid.", true};
  }
  const std::string* const given = context.call.parameter("Status");
  const std::string status = given == nullptr ? "" : *given;
  if (!status.empty() &&
      std::find(kJobStatusWords.begin(), kJobStatusWords.end(), status) == kJobStatusWords.end()) {
    return invalid("Status is not one of a job.");
  }
  const std::vector<JobRow> rows = rows_of(context, status);
  const auto from = static_cast<std::size_t>((*page - 1) * *size);
  const auto to = std::min(rows.size(), from + static_cast<std::size_t>(*size));
  std::vector<Value> items;
  for (std::size_t i = from; i < to; ++i) {
    const auto state = job_state(context.world, *rows[i].job, context.world_ms);
    items.push_back(object(job_head(*rows[i].job, *state)));
  }
  std::vector<Member> members;
  members.push_back({"Page", number(*page)});
  members.push_back({"PageSize", number(*size)});
  members.push_back({"Total", number(static_cast<std::int64_t>(rows.size()))});
  members.push_back({"Data", object({{"data", array(std::move(items))}})});
  return members;
}

}  // namespace iotsim
