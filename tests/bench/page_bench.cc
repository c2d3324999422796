// The cost of a scrape before it is sent: taskwatchd writes the metrics of N watched tasks, and
// prometheus-cpp stores and writes the same series. bench.py compares the figures.
#include <benchmark/benchmark.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstring>
#include <exception>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "server/metrics_output.h"
#include "server/metrics_pages.h"
#include "view/metrics.h"
#include "view/task_families.h"
#include "view/task_reference.h"
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

void fill(TaskFamilies& page, const std::vector<TaskRecord>& records) {
  for (const TaskRecord& record : records) page.put(record, "main", {});
}

std::vector<prometheus::MetricFamily> reference(const std::vector<TaskRecord>& records) {
  ShownTasks tasks;
  for (const TaskRecord& record : records) tasks[record.key] = {record, "main", {}};
  return reference_of(tasks);
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
  TaskFamilies tasks;
  fill(tasks, records_of(task_ids(state.range(0))));
  std::size_t bytes = 0;
  for (auto _ : state) {
    const TaskBlocks blocks = tasks.share();
    const std::string page = written([&](MetricsWriter& to) { write_task_families(blocks, to); });
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
  for (const auto& collected : reference(records_of(task_ids(state.range(0))))) {
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

// Changes one task.
void one_task_changes(benchmark::State& state) {
  const auto records = records_of(task_ids(state.range(0)));
  TaskFamilies tasks;
  fill(tasks, records);
  std::size_t i = 0;
  for (auto _ : state) {
    tasks.put(records[i], "main", {});
    i = (i + 1) % records.size();
  }
}

// A daemon with N tasks of a job that all have series.
class LargeFleet {
 public:
  explicit LargeFleet(std::int64_t tasks) : records_(records_of(task_ids(tasks))) {
    config_.task_series = TaskSeries::kAll;
    config_.task_series_limit = records_.size();
    metrics_.configure(config_);
    for (const TaskRecord& record : records_) {
      metrics_.committed(of_job(first_observation(record)), kStart);
    }
  }
  void change(std::size_t tasks) {
    for (; tasks > 0; --tasks) {
      TaskRecord& record = records_[random_() % records_.size()];
      record.last.progress = static_cast<double>(random_() % 101);
      record.last.modified += std::chrono::milliseconds(1 + random_() % 100'000);
      metrics_.committed(of_job(transition(record, TaskStatus::kSent)), kStart);
    }
  }
  std::shared_ptr<const MetricsPicture> picture() {
    return metrics_.picture(status_of_jobs({full_job(records_[0].last.job_id)}), full_process(),
                            kStart);
  }

 private:
  std::mt19937_64 random_{1};
  Config config_ = config_with({});
  Metrics metrics_{kBuild};
  std::vector<TaskRecord> records_;
};

// Copies all bytes of the body into `memory`, as a client with an infinitely fast network would.
std::size_t read_all(WebParts& body, std::string& memory) {
  memory.resize(std::max(memory.size(), body.bytes()));
  std::size_t bytes = 0;
  for (auto part = body.next(); !part.empty(); part = body.next()) {
    std::memcpy(memory.data() + bytes, part.data(), part.size());
    bytes += part.size();
  }
  return bytes;
}
std::size_t read_all(const MetricsOutput& output, std::string& memory) {
  return read_all(*MetricsOutput::body({std::shared_ptr<void>(), &output}), memory);
}

constexpr std::size_t kPlainBytes = 4 << 20;

void scrape(benchmark::State& state, bool gzip, std::size_t changes) {
  LargeFleet fleet(state.range(0));
  std::string memory;
  // The first scrape writes all lines.
  std::size_t bytes =
      read_all({*fleet.picture(), {MetricsFormat::kText, gzip}, kPlainBytes}, memory);
  for (auto _ : state) {
    state.PauseTiming();
    fleet.change(changes);
    state.ResumeTiming();
    const auto picture = fleet.picture();
    const MetricsOutput output(*picture, {MetricsFormat::kText, gzip}, kPlainBytes);
    bytes = read_all(output, memory);
    benchmark::DoNotOptimize(memory.data());
  }
  count_bytes(state, bytes);
}
void plain_scrape(benchmark::State& state) {
  scrape(state, false, 300);
}
void gzip_scrape(benchmark::State& state) {
  scrape(state, true, 300);
}

boost::asio::awaitable<void> receive_gzip(MetricsPages& pages, std::string& memory,
                                          std::size_t& bytes) {
  const auto body = co_await pages.page({MetricsFormat::kText, true});
  if (!body) throw std::runtime_error("too many bytes are being sent");
  bytes = read_all(*body, memory);
}

// Until each of four clients, which request the metrics at the same time, has received them.
void four_gzip_scrapes(benchmark::State& state) {
  LargeFleet fleet(state.range(0));
  Mono now{};
  boost::asio::io_context context{1};
  const auto picture = [&]() -> Awaitable<MetricsPages::Picture> { co_return fleet.picture(); };
  MetricsPages pages(context.get_executor(), picture, [&] { return now; });
  std::vector<std::string> memories(4);
  std::vector<std::size_t> bytes(memories.size());
  const auto rethrow = [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  };
  const auto scrape_at_once = [&] {
    for (std::size_t i = 0; i < memories.size(); ++i) {
      boost::asio::co_spawn(context, receive_gzip(pages, memories[i], bytes[i]), rethrow);
    }
    context.restart();
    context.run();
  };
  scrape_at_once();  // the first one compresses all lines
  for (auto _ : state) {
    state.PauseTiming();
    now += 2 * PageLimits{}.fresh;
    fleet.change(300);
    state.ResumeTiming();
    scrape_at_once();
    benchmark::DoNotOptimize(memories.data());
  }
  count_bytes(state, bytes[0]);
}

// The part of a scrape that holds the event loop.
void picture_taken(benchmark::State& state) {
  LargeFleet fleet(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    fleet.change(300);
    state.ResumeTiming();
    const auto picture = fleet.picture();
    benchmark::DoNotOptimize(picture.get());
  }
}

void copy_of_page(benchmark::State& state) {
  LargeFleet fleet(state.range(0));
  std::string page, copy;
  page.resize(read_all({*fleet.picture(), {MetricsFormat::kText, false}, kPlainBytes}, page));
  copy = page;
  for (auto _ : state) {
    std::memcpy(copy.data(), page.data(), page.size());
    benchmark::DoNotOptimize(copy.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, page.size());
}

BENCHMARK(page_of_jobs)->Arg(200)->Arg(1000)->Unit(benchmark::kMicrosecond);
BENCHMARK(one_refused_task_changes)->Arg(100'000);
BENCHMARK(whole_page)->Arg(1000)->Unit(benchmark::kMicrosecond);
BENCHMARK(task_families)->Arg(1000)->Unit(benchmark::kMicrosecond);
BENCHMARK(task_families_registry)->Arg(1000)->Unit(benchmark::kMicrosecond);
BENCHMARK(one_task_changes)->Arg(1000)->Unit(benchmark::kMicrosecond);
BENCHMARK(copy_of_page)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(plain_scrape)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(gzip_scrape)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(four_gzip_scrapes)->Arg(100'000)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();
BENCHMARK(picture_taken)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(task_families_registry)->Arg(100'000)->Unit(benchmark::kMillisecond)->Iterations(2);

}  // namespace
}  // namespace taskwatchd
