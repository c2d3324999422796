#include "view/metrics_picture.h"

#include <array>

#include "core/events/event_text.h"
#include "view/distribution_families.h"
#include "view/families.h"
#include "view/process_metrics.h"
#include "view/status_families.h"

namespace taskwatchd {
namespace {

constexpr std::array<Level, 4> kLevels = {Level::kDebug, Level::kInfo, Level::kWarn, Level::kError};

void write_log_families(const MetricsPicture& picture, MetricsWriter& page) {
  page.begin(family(FamilyId::kLogMessages));
  for (const Level level : kLevels) {
    const auto i = static_cast<std::size_t>(level);
    const std::array<Label, 1> labels = {{{"level", name(level)}}};
    const auto& counts = picture.log_messages;
    page.sample(labels, i < counts.size() ? static_cast<double>(counts[i]) : 0);
  }
  page.begin(family(FamilyId::kLogMessagesDropped));
  page.sample({}, static_cast<double>(picture.log_dropped));
}

void write_refused(const MetricsPicture& picture, MetricsWriter& page) {
  page.begin(family(FamilyId::kTaskSeriesRefused));
  page.sample({}, static_cast<double>(picture.task_series_refused));
  page.begin(family(FamilyId::kJobSeriesRefused));
  page.sample({}, static_cast<double>(picture.job_series_refused));
}

}  // namespace

void write_first_families(const MetricsPicture& picture, MetricsWriter& page) {
  page.add(picture.daemon);
  write_account_families(picture.accounts, page);
  write_status_families(picture.status, page);
  write_log_families(picture, page);
  write_process_families(picture.process, page);
  write_refused(picture, page);
  write_job_counters(picture.job_counters, page);
  write_job_families(picture.jobs, page);
  write_distribution_families(picture.status, picture.keep_finished, picture.taken, page);
  if (picture.shows_tasks) write_task_states(picture.status, page);
}

void write_page(const MetricsPicture& picture, MetricsWriter& page) {
  write_first_families(picture, page);
  write_task_families(picture.tasks, page);
  page.end();
}

}  // namespace taskwatchd
