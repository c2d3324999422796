#include "core/events/distribution_events.h"

#include <algorithm>
#include <cassert>

#include "core/events/device_text.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kListed = 100;  // failed devices listed in an event

Event begin(std::string name, Level level, Wall at, const DistributionKey& key) {
  Event event;
  event.ts = at;
  event.level = level;
  event.name = std::move(name);
  event.fields = {{"account", key.account}, {"distribution_id", key.distribution_id}};
  return event;
}

std::string device(const DeviceResult& one) {
  std::string text = one.product_key.empty() ? "" : name_text(one.product_key) + "/";
  return text + name_text(one.device_name) + " " + name_text(one.code);
}

}  // namespace

Event distribution_transition(const DistributionRecord& record, DistributionStatus from,
                              Wall observed_at, Wall not_before) {
  const DistributionReply& last = record.last;
  const bool bad = last.status == DistributionStatus::kAborted;
  Event event =
      begin("distribution_transition", bad ? Level::kWarn : Level::kInfo, observed_at, record.key);
  const std::string to(name(last.status));
  event.msg = "distribution " + record.key.distribution_id + " is " + to + ", was " +
              std::string(name(from));
  event.add("from", std::string(name(from)));
  event.add("to", to);
  if (!last.product_key.empty()) event.add("product_key", name_text(last.product_key));
  if (last.total) event.add("devices", std::int64_t{*last.total});
  event.add("observed_at", rfc3339(observed_at));
  event.add("not_before", rfc3339(not_before));
  if (last.status == DistributionStatus::kUnknown) {
    event.add("status_text", device_text(last.status_text));
  }
  return event;
}

Event distribution_result(const DistributionRecord& record) {
  assert(record.result);
  const DistributionResult& result = *record.result;
  const std::uint32_t unknown = unknown_devices(record);
  const bool bad = result.failed > 0 || !result.understood;
  Event event = begin("distribution_result", bad ? Level::kWarn : Level::kInfo,
                      record.result_read.value_or(record.last_seen), record.key);
  const std::string whose = "distribution " + record.key.distribution_id;
  if (!result.understood) {
    event.msg = whose + ": cannot read the result file: " + device_text(result.problem);
  } else {
    event.msg = whose + ": " + std::to_string(result.ok) + " devices distributed, " +
                std::to_string(result.failed) + " failed";
    if (unknown > 0) event.msg += ", " + std::to_string(unknown) + " unknown";
  }
  event.add("result", std::string(result.understood ? "read" : "unknown"));
  event.add("format", std::string(name(result.format)));
  event.add("ok", std::int64_t{result.ok});
  event.add("failed", std::int64_t{result.failed});
  event.add("unknown", std::int64_t{unknown});
  StringMap codes;
  for (const auto& [code, devices] : result.codes) {
    codes.emplace_back(name_text(code), std::to_string(devices));
  }
  if (!codes.empty()) event.add("codes", std::move(codes));
  StringList failed;
  const std::size_t listed = std::min(kListed, result.failed_devices.size());
  for (std::size_t i = 0; i < listed; ++i) failed.push_back(device(result.failed_devices[i]));
  if (!failed.empty()) event.add("failed_devices", std::move(failed));
  if (!result.problem.empty()) event.add("problem", device_text(result.problem));
  event.add("observed_at", rfc3339(event.ts));
  return event;
}

Event distribution_file_failed(const DistributionKey& key, const std::string& why, Wall at) {
  Event event = begin("distribution_file_failed", Level::kWarn, at, key);
  event.msg =
      "distribution " + key.distribution_id + ": could not download the result file: " + why;
  return event;
}

}  // namespace taskwatchd
