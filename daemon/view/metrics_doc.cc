#include "view/metrics_doc.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

#include "view/families.h"

namespace taskwatchd {
namespace {

constexpr std::string_view kBegin = R"(# Metrics

<!-- Generated from daemon/view/families.cc. After a change there:
     TASKWATCHD_UPDATE_DOCS=1 ctest -R '^view$' -->

`GET /metrics`, text format 0.0.4, or OpenMetrics 1.0 if the scraper asks for it. Times are values in
Unix seconds, never sample timestamps. `aliyun_iot_*` are polled within the quota of the account and
cached: a scrape makes no API call and shows the last successful response. How old that is:
`taskwatchd_oldest_observation_timestamp_seconds` and `taskwatchd_api_last_success_timestamp_seconds`.

- **Label sets are disjoint**: no series is the total of others, so sums are correct.
- **Explicit tasks** have series from their first successful response until they are removed from the
  configuration, superseded by a rerun, or gone (the platform no longer knows them). With
  `metrics.task_series: none` no series has a `task_id` label.
- **Tasks of watched jobs** have series by `metrics.task_series`: `bad` (the default) the failed ones,
  `active` the unfinished ones too, `all` all, `explicit` none; at most `metrics.task_series_limit` of
  them. A task that has series keeps them until those of its job are removed. Tasks over the limit are
  counted in `taskwatchd_task_series_refused`; such a task gets series with its next change if there is
  room.
- **Watched jobs** have series until they are no longer watched, or until `metrics.keep_finished` after
  the last task was observed as finished. The series of their tasks (except explicit ones) and their
  counters are removed with them. The first `metrics.job_series_limit` jobs have series.
- **Number of series**: at most 13 for a task (`aliyun_iot_task_*` with a `task_id`) and 3 more for an
  explicit one (`taskwatchd_task_state`); 18 for the job of a task, and at most 31 more for a watched job
  (`aliyun_iot_job_*`).
- **Counters** with a fixed set of labels start at 0 with their account.
  `aliyun_iot_task_transitions_total` reads 0 for the first 60 s of a job, so that `increase()` includes
  the first transition. It continues after a restart, and after a job is watched again within
  `state.retain`. All other counters start at 0 with the process.
- **Text of devices** (`Message`, `StatusDetail`) is in the events, never in a label. Names registered at
  the platform are on the `_info` metrics only, repaired to valid UTF-8 and cut at 128 bytes.

Stability: a `stable` metric keeps its name, labels and meaning until the next major version; a
`standard` one is as in the client libraries of Prometheus.

)";

void append_table(std::string& text, std::string_view title, std::string_view prefix) {
  fmt::format_to(std::back_inserter(text),
                 "## {}\n\n| metric | type | labels | meaning | stability |\n"
                 "| --- | --- | --- | --- | --- |\n",
                 title);
  for (const Family& f : all_families()) {
    if (!f.name.starts_with(prefix)) continue;
    fmt::format_to(std::back_inserter(text), "| `{}` | {} | {} | {} | {} |\n", f.name, name(f.kind),
                   f.labels, f.help, name(f.stability));
  }
  text += '\n';
}

void append_buckets(std::string& text) {
  text += "## Buckets\n\nUpper edges in seconds; `+Inf` is always there.\n\n";
  text += "| histogram | edges |\n| --- | --- |\n";
  for (const Family& f : all_families()) {
    if (f.kind != MetricKind::kHistogram) continue;
    fmt::format_to(std::back_inserter(text), "| `{}` |", f.name);
    for (const double edge : f.buckets) {
      fmt::format_to(std::back_inserter(text), " {:.16g}", edge);
    }
    if (f.id == FamilyId::kDetectionDelay) text += ", and `bounds.detection_delay`";
    text += " |\n";
  }
}

}  // namespace

std::string metrics_markdown() {
  std::string text(kBegin);
  append_table(text, "Jobs, tasks and distributions", "aliyun_iot_");
  append_table(text, "The daemon", "taskwatchd_");
  append_table(text, "The process", "process_");
  append_buckets(text);
  return text;
}

}  // namespace taskwatchd
