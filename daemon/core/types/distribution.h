// A distribution: a batch that moves devices to other instances. (Its id is also called JobId, but
// it is not a job.) Contents of responses and result files, and the stored record. Source:
// help.aliyun.com, API QueryDeviceDistributeJob and QueryDeviceDistributeDetail.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/types/secret.h"
#include "core/types/time.h"

namespace taskwatchd {

enum class DistributionStatus : std::uint8_t {
  kInitializing,  // 0
  kRunning,       // 1
  kFinished,      // 2: completed, which does not mean that every device was distributed
  kAborted,       // 3
  kUnknown,       // not from the API: an unknown number, or none yet
};
inline constexpr std::array<DistributionStatus, 5> kAllDistributionStatuses = {
    DistributionStatus::kInitializing, DistributionStatus::kRunning, DistributionStatus::kFinished,
    DistributionStatus::kAborted, DistributionStatus::kUnknown};

// Our spelling in metrics and events: "FINISHED".
std::string_view name(DistributionStatus status);
// The API's number: 0 to 3.
DistributionStatus parse_distribution_status(std::int64_t number);
constexpr bool is_finished(DistributionStatus s) {
  return s == DistributionStatus::kFinished || s == DistributionStatus::kAborted;
}

// The content of a successful QueryDeviceDistributeJob response.
struct DistributionReply {
  std::string distribution_id;
  DistributionStatus status = DistributionStatus::kUnknown;
  std::string status_text;  // as sent by the API, only when status is kUnknown
  std::string product_key;
  std::string source_instance;
  std::vector<std::string> target_instances;
  std::optional<std::uint32_t> total;  // devices
  std::optional<Wall> created;
};

// The content of a successful QueryDeviceDistributeDetail response. The URL's query contains a
// signature: anyone who has the URL can read the file.
struct DistributionFile {
  Secret url;  // empty: there is no file (yet)
};

// The format of a result file. Undocumented, so it is recognised by the file's content.
enum class ResultFormat : std::uint8_t { kUnknown, kJsonArray, kJsonLines, kCsv, kXlsx };
std::string_view name(ResultFormat format);  // "csv"

// One device of a result file. The text comes from the file: escape it for output.
struct DeviceResult {
  std::string product_key;  // may be empty
  std::string device_name;
  std::string code;     // "200" means success
  std::string message;  // may be empty
  bool operator==(const DeviceResult&) const = default;
};

// The content of a result file. `ok` + `failed` + `unknown` is its number of devices if the format
// was understood; otherwise all are 0 and `problem` says why.
struct DistributionResult {
  ResultFormat format = ResultFormat::kUnknown;
  bool understood = false;
  std::string problem;  // human-readable, if the file was not understood; escaped
  std::uint32_t ok = 0;
  std::uint32_t failed = 0;
  std::uint32_t unknown = 0;                   // devices whose code is empty or unreadable
  std::map<std::string, std::uint32_t> codes;  // devices by code; at most kMaxCodes of them
  // The first ones in the file's order, up to a size limit of several megabytes; valid UTF-8.
  std::vector<DeviceResult> failed_devices;
  std::uint64_t bytes = 0;  // of the downloaded file
};
inline constexpr std::size_t kMaxCodes = 64;  // further codes are counted as "other"

struct DistributionKey {
  std::string account;
  std::string distribution_id;
  auto operator<=>(const DistributionKey&) const = default;
};

// The durable record of a distribution.
struct DistributionRecord {
  DistributionKey key;
  DistributionReply last;  // status kUnknown with no text: never read
  Wall first_seen;
  Wall last_seen;             // receive time of the last response about it
  std::optional<Wall> ended;  // when it was first observed FINISHED or ABORTED
  std::optional<Wall> result_read;
  // A file that was not understood is downloaded again: see DistributionWatch.
  // Null: none. Shared, because it may list 100,000 devices and records are copied.
  std::shared_ptr<const DistributionResult> result;
  // Start of a download whose outcome is unknown: stored before it begins, so that a crash caused
  // by the file is detected at the next start.
  std::optional<Wall> fetch_begun;
  std::uint32_t refusals = 0;  // consecutive downloads whose file was not understood
};

// The parameters for downloading a result file of a distribution.
struct ResultRequest {
  DistributionKey key;
  Secret url;
  std::vector<std::string> hosts;  // allowed hosts: "*.aliyuncs.com"
  std::string proxy;               // empty: none
  std::string ca_file;             // empty: the system's
};
struct ResultFailure {
  bool expired = false;  // the link has expired: request another
  std::string message;   // includes the host and the fix; never the URL's path or query
  bool refused = false;  // the file itself causes the failure: no immediate retry
};

// Devices whose result is unknown: those marked so in the file, and those that the API counts but
// the file does not contain (it was not understood or truncated, or the distribution was aborted).
// 0 before a file was read; at least 1 if it was not understood.
std::uint32_t unknown_devices(const DistributionRecord& record);

}  // namespace taskwatchd
