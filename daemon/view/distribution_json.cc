#include "view/distribution_json.h"

#include <algorithm>
#include <iterator>

#include "core/events/device_text.h"
#include "core/events/json.h"
#include "core/types/distribution_json.h"

namespace taskwatchd {
namespace {

std::string one_json(const DistributionRecord& record) {
  const DistributionReply& last = record.last;
  JsonObject json;
  json.add("account", record.key.account);
  json.add("distribution_id", record.key.distribution_id);
  json.add("status", std::string(name(last.status)));
  json.add_if("status_text", last.status_text);
  json.add("product_key", last.product_key);
  json.add("source_instance", last.source_instance);
  json.add("target_instances", last.target_instances);
  if (last.total) json.add("devices", std::int64_t{*last.total});
  json.add_if("created_at", last.created);
  json.add("first_seen_at", rfc3339(record.first_seen));
  // Absent before the first response.
  if (record.last_seen != Wall()) json.add("last_seen_at", rfc3339(record.last_seen));
  json.add_if("ended_at", record.ended).add_if("result_read_at", record.result_read);
  return json.add_json("result", record.result ? to_json(*record.result) : "null").text();
}

// Spreadsheets execute fields that begin with these as formulas; some convert full-width characters
// first.
bool is_formula(std::string_view text) {
  constexpr std::string_view kSigns[] = {"=",      "+",      "-",      "@",
                                         "\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"};
  return std::any_of(std::begin(kSigns), std::end(kSigns),
                     [&](std::string_view sign) { return text.starts_with(sign); });
}

// Always quoted: whatever field separator the opening program uses, no sign can become the first
// character of a field.
std::string csv_field(std::string_view bytes) {
  const std::string text = escape_controls(repair_utf8(bytes));
  std::string quoted = is_formula(text) ? "\"'" : "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

std::string distributions_json(const std::vector<DistributionRecord>& records) {
  std::vector<std::string> all;
  for (const DistributionRecord& record : records) all.push_back(one_json(record));
  return json_list(all);
}

std::string failed_devices_csv(const DistributionRecord& record) {
  // A file for spreadsheets: without the byte order mark they read Chinese messages in the wrong
  // encoding.
  std::string csv = "\xef\xbb\xbfproduct_key,device_name,code,message\r\n";
  if (!record.result) return csv;
  for (const DeviceResult& device : record.result->failed_devices) {
    csv += csv_field(device.product_key) + ',' + csv_field(device.device_name) + ',' +
           csv_field(device.code) + ',' + csv_field(device.message) + "\r\n";
  }
  return csv;
}

}  // namespace taskwatchd
