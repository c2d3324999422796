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

`GET /metrics`, text format 0.0.4. Times are values in Unix seconds, never sample timestamps. What the
cloud says (`aliyun_iot_*`) is polled inside the account's quota and cached: a scrape asks nothing of the
cloud and shows what the last good reply said. How old that is tell
`taskwatchd_oldest_observation_timestamp_seconds` and `taskwatchd_api_last_success_timestamp_seconds`.

- Label sets are disjoint: there is never a row for a total beside its parts, so sums do not lie.
- A task that the configuration names by id has series from its first good reply until it is no longer
  listed, is superseded by a rerun, or is gone (the cloud no longer knows it). With
  `metrics.task_series: none` nothing has a `task_id` label.
- Of the other tasks of watched jobs those have series that `metrics.task_series` asks for: `bad` (the
  default) the bad ones, `active` the unfinished ones too, `all` all, `explicit` none; and at most
  `metrics.task_series_limit` of them. One that was admitted keeps its series, whatever becomes of it,
  until its job's end. Refused ones are in `taskwatchd_task_series_refused`, each task once; such a task
  comes in with its next change once there is room.
- A watched job has series until it is no longer watched, or until `metrics.keep_finished` after its last
  task was seen finished. The series of its tasks and its counters end with them, but for those of tasks
  named by id. At most `metrics.job_series_limit` jobs have series, the first ones; an admitted job stays.
- One task takes at most 13 series (`aliyun_iot_task_*` with a `task_id`), one named by id 3 more
  (`taskwatchd_task_state`); its job takes 18, a watched job at most 31 more (`aliyun_iot_job_*`).
- Counters with closed label sets begin at 0 with their account. `aliyun_iot_task_transitions_total`
  reads 0 for the first 60 s of a job, so that `increase()` sees the first transition too; it goes on
  over restarts, and a job that is watched again within `state.retain` goes on too. All other counters
  begin again at 0 with the process.
- A device's words (`Message`, `StatusDetail`) are in the events, never in a label. Names registered in
  the cloud are on the `_info` metrics only, repaired to valid UTF-8 and cut at 128 bytes.

Stability: `stable` keeps its name, labels and meaning until a new major version; `standard` is as
Prometheus' own client libraries give it.

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
  append_table(text, "Watched things", "aliyun_iot_");
  append_table(text, "The daemon itself", "taskwatchd_");
  append_table(text, "The process", "process_");
  append_buckets(text);
  return text;
}

}  // namespace taskwatchd
