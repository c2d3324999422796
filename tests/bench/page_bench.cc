// The cost of a scrape before it is sent: taskwatchd writes the metrics of N watched tasks, and
// prometheus-cpp stores and writes the same series. bench.py compares the figures.
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

// Writes the complete metrics output, as each scrape does, including the registry of families whose
// series count is bounded.
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

// Writes the complete metrics output of N watched jobs; no task has series.
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

// Changes a task of a job that is over the series limit: the cost of most tasks of a large job.
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

// Writes only the families with one series per task.
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

// Writes the same series as gauges of a registry, as the prometheus-cpp README shows.
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

// Passes the same series from a Collectable to prometheus-cpp's serializer; no registry stores
// them.
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

// Changes one task.
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
