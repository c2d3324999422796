// What a scrape costs before it is on the wire: the page of N watched tasks as the daemon makes it,
// beside the same series kept and written by prometheus-cpp. bench.py puts them side by side.
#include <benchmark/benchmark.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <string>
#include <vector>

#include "view/metrics.h"
#include "view/task_families.h"
#include "view/view_world.h"

namespace taskwatchd {
namespace {

std::vector<std::string> task_ids(std::int64_t count) {
  std::vector<std::string> ids;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string digits = std::to_string(1'000'000 + i);
    ids.push_back("MSnT9aaaaaaaa" + digits.substr(1) + "q010101");
  }
  return ids;
}

std::vector<TaskRecord> records_of(const std::vector<std::string>& ids) {
  std::vector<TaskRecord> records;
  for (const std::string& id : ids) {
    records.push_back(record_of(id, TaskStatus::kInProgress, "sGWotgRkutxXaaaaa010001"));
  }
  return records;
}

TaskFamilies families_of(const std::vector<TaskRecord>& records) {
  TaskFamilies page;
  for (const TaskRecord& record : records) page.put(record, "main", {});
  return page;
}

void count_bytes(benchmark::State& state, std::size_t bytes) {
  state.counters["page_bytes"] = static_cast<double>(bytes);
}

// The whole page, as each scrape makes it; registry of the bounded families included.
void whole_page(benchmark::State& state) {
  const auto ids = task_ids(state.range(0));
  Metrics metrics(kBuild);
  metrics.configure(config_with(ids));
  metrics.restore(records_of(ids), kStart);
  const DaemonStatus status = full_status(ids);
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string page = page_of(metrics, status, full_process(), kStart);
    bytes = page.size();
    benchmark::DoNotOptimize(page.data());
  }
  count_bytes(state, bytes);
}

// The whole page of N watched jobs and no task with series.
void page_of_jobs(benchmark::State& state) {
  Metrics metrics(kBuild);
  metrics.configure(config_with({}));
  std::vector<JobView> jobs;
  for (const std::string& id : task_ids(state.range(0))) jobs.push_back(full_job(id));
  const DaemonStatus status = status_of_jobs(std::move(jobs));
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string page = page_of(metrics, status, full_process(), kStart);
    bytes = page.size();
    benchmark::DoNotOptimize(page.data());
  }
  count_bytes(state, bytes);
}

// A task of a job changes that is refused for the limit: what most tasks of a large job cost.
void one_refused_task_changes(benchmark::State& state) {
  Metrics metrics(kBuild);
  Config config = config_with({});
  config.task_series = TaskSeries::kAll;
  config.task_series_limit = 0;
  metrics.configure(config);
  std::vector<TaskChange> changes;
  for (const TaskRecord& record : records_of(task_ids(state.range(0)))) {
    changes.push_back(of_job(first_observation(record)));
  }
  std::size_t i = 0;
  for (auto _ : state) {
    metrics.committed(changes[i], kStart);
    i = (i + 1) % changes.size();
  }
}

// The families with series a task alone.
void task_families(benchmark::State& state) {
  const TaskFamilies tasks = families_of(records_of(task_ids(state.range(0))));
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string page = written([&](PageWriter& to) { tasks.append_to(to); });
    bytes = page.size();
    benchmark::DoNotOptimize(page.data());
  }
  count_bytes(state, bytes);
}

std::string serialized(const std::vector<prometheus::MetricFamily>& families) {
  return prometheus::TextSerializer().Serialize(families);
}

// The same series as gauges in a registry: prometheus-cpp as its README shows it.
void task_families_registry(benchmark::State& state) {
  prometheus::Registry registry;
  for (const auto& collected : families_of(records_of(task_ids(state.range(0)))).Collect()) {
    auto& family =
        prometheus::BuildGauge().Name(collected.name).Help(collected.help).Register(registry);
    for (const auto& metric : collected.metric) {
      prometheus::Labels labels;
      for (const auto& label : metric.label) labels.emplace(label.name, label.value);
      family.Add(labels).Set(metric.gauge.value);
    }
  }
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string page = serialized(registry.Collect());
    bytes = page.size();
    benchmark::DoNotOptimize(page.data());
  }
  count_bytes(state, bytes);
}

// The same series given to prometheus-cpp's writer by a Collectable, kept nowhere in between.
void task_families_collectable(benchmark::State& state) {
  const TaskFamilies tasks = families_of(records_of(task_ids(state.range(0))));
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string page = serialized(tasks.Collect());
    bytes = page.size();
    benchmark::DoNotOptimize(page.data());
  }
  count_bytes(state, bytes);
}

// A task changes.
void one_task_changes(benchmark::State& state) {
  const auto records = records_of(task_ids(state.range(0)));
  TaskFamilies tasks = families_of(records);
  std::size_t i = 0;
  for (auto _ : state) {
    tasks.put(records[i], "main", {});
    i = (i + 1) % records.size();
  }
}

BENCHMARK(page_of_jobs)->Arg(200)->Arg(1000)->Unit(benchmark::kMicrosecond);
BENCHMARK(one_refused_task_changes)->Arg(100'000);
BENCHMARK(whole_page)->Arg(1000)->Unit(benchmark::kMicrosecond);
BENCHMARK(task_families)->Arg(1000)->Unit(benchmark::kMicrosecond);
BENCHMARK(task_families_registry)->Arg(1000)->Unit(benchmark::kMicrosecond);
BENCHMARK(task_families_collectable)->Arg(1000)->Unit(benchmark::kMicrosecond);
BENCHMARK(one_task_changes)->Arg(1000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace taskwatchd
