#include "view/page_estimate.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/types/status.h"
#include "view/metrics_writer.h"
#include "view/status_families.h"
#include "view/task_families.h"

namespace taskwatchd {
namespace {

struct Lines {
  std::size_t bytes = 0;
  std::size_t count = 0;
};

Lines lines_of(const AccountConfig& account, const InstanceConfig& instance, std::size_t tasks) {
  TaskRecord record;
  record.last.job_id = "sGWotgRkutxXaaaaa010001";
  record.last.job_name = "firmware-2026-11";
  record.last.product_key = "a1BcDeFgHiJ";
  record.last.device_name = "pump-0123456789";
  record.last.status = TaskStatus::kInProgress;
  record.last.progress = 50;
  record.last.queued = record.last.modified = Wall(std::chrono::milliseconds(1'763'776'923'004));
  TaskFamilies families;
  DaemonStatus status;
  AccountStatus& shown = status.accounts.emplace_back();
  shown.name = account.name;
  std::vector<ExplicitTask> explicit_tasks;
  for (std::size_t i = 0; i < tasks; ++i) {
    record.key = {account.name, std::string(1, static_cast<char>('a' + i))};
    families.put(record, instance.name, instance.labels);
    explicit_tasks.push_back({record.key.task_id, WatchState::kWatched});
  }
  shown.explicit_tasks =
      std::make_shared<const std::vector<ExplicitTask>>(std::move(explicit_tasks));
  Lines lines;
  MetricsWriter page(MetricsFormat::kText, [&](std::string_view part) {
    lines.bytes += part.size();
    lines.count += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
  });
  write_task_families(families.share(), page);
  write_task_states(status, page);
  page.end();
  return lines;
}

}  // namespace

std::size_t named_tasks_bytes(const Config& config) {
  if (!wants_series(config.task_series, true, TaskStatus::kUnknown)) return 0;
  std::size_t bytes = 0;
  for (const AccountConfig& account : config.accounts) {
    for (const InstanceConfig& instance : account.instances) {
      // The difference to a second task excludes the family headers; its id has one letter.
      const Lines one = lines_of(account, instance, 1);
      const Lines two = lines_of(account, instance, 2);
      for (const std::string& id : instance.tasks) {
        bytes += two.bytes - one.bytes + (two.count - one.count) * (id.size() - 1);
      }
    }
  }
  return bytes;
}

}  // namespace taskwatchd
