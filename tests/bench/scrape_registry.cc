// A peer of `make bench-scrape`: the series of N tasks in a prometheus-cpp registry, written as its
// Exposer writes them. It is a program, so that its memory is not mixed with that of others.
//
// bench_registry plain|gzip TASKS SCRAPES [BODY_FILE]: prints JSON, {"build_ms", "ms" and
// "cpu_ms": [of each scrape], "bytes"}. The last body is written to BODY_FILE. Exits with 64 after
// wrong arguments.
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <zlib.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>

namespace {

using prometheus::Labels;
using Gauges = prometheus::Family<prometheus::Gauge>;

constexpr double kModified = 1'763'776'923.004;

void fill(prometheus::Registry& registry, int tasks) {
  const auto family = [&](const char* name) -> Gauges& {
    return prometheus::BuildGauge().Name(name).Help("As taskwatchd's.").Register(registry);
  };
  Gauges& status = family("aliyun_iot_task_status");
  Gauges& progress = family("aliyun_iot_task_progress_ratio");
  Gauges& info = family("aliyun_iot_task_info");
  Gauges& queued = family("aliyun_iot_task_queued_timestamp_seconds");
  Gauges& modified = family("aliyun_iot_task_modified_timestamp_seconds");
  for (int i = 0; i < tasks; ++i) {
    const std::string id = "MSnT9aaaaaaaa" + std::to_string(1'000'000 + i).substr(1) + "q010101";
    const Labels identity{
        {"account", "prod"}, {"job_id", "sGWotgRkutxXaaaaa010001"}, {"task_id", id}};
    for (const char* one : {"QUEUED", "SENT", "IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED",
                            "TIMED_OUT", "CANCELLED", "UNKNOWN"}) {
      Labels labels = identity;
      labels.emplace("status", one);
      status.Add(labels).Set(std::string(one) == "IN_PROGRESS" ? 1 : 0);
    }
    progress.Add(identity).Set(0.25);
    Labels labels = identity;
    labels.insert({{"iot_instance", "main"},
                   {"job_name", "ota"},
                   {"product_key", "pk"},
                   {"device_name", "dev-" + id}});
    info.Add(labels).Set(1);
    queued.Add(identity).Set(kModified - 3600);
    modified.Add(identity).Set(kModified);
  }
}

// As prometheus-cpp's handler compresses: level 6, memory level 9, a buffer that grows by 32 KiB.
std::string gzip(const std::string& text) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    std::abort();
  }
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  std::string out;
  int result = Z_OK;
  do {
    constexpr std::size_t kStep = 32 * 1024;
    out.resize(out.size() + kStep);
    stream.avail_out = kStep;
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + out.size() - kStep);
    result = deflate(&stream, Z_FINISH);
    out.resize(out.size() - stream.avail_out);
  } while (result == Z_OK);
  deflateEnd(&stream);
  return out;
}

double ms_since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun)
      .count();
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 4) return 64;
  const bool is_gzip = std::string(arguments[1]) == "gzip";
  const int tasks = std::atoi(arguments[2]), scrapes = std::atoi(arguments[3]);
  auto begun = std::chrono::steady_clock::now();
  prometheus::Registry registry;
  fill(registry, tasks);
  std::printf("{\"build_ms\": %.3f, \"ms\": [", ms_since(begun));
  std::string body, cpu_times;
  for (int i = 0; i < scrapes; ++i) {
    begun = std::chrono::steady_clock::now();
    const std::clock_t cpu = std::clock();
    body = prometheus::TextSerializer().Serialize(registry.Collect());
    if (is_gzip) body = gzip(body);
    std::printf("%s%.3f", i == 0 ? "" : ", ", ms_since(begun));
    cpu_times +=
        (i == 0 ? "" : ", ") + std::to_string(1e3 * double(std::clock() - cpu) / CLOCKS_PER_SEC);
  }
  std::printf("], \"cpu_ms\": [%s], \"bytes\": %zu}\n", cpu_times.c_str(), body.size());
  if (count > 4) std::ofstream(arguments[4], std::ios::binary) << body;
  return 0;
}
