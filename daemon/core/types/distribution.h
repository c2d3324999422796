// A distribution: a batch that moves devices to other instances. (Its id is called JobId too; it is
// no job.) What replies say of it, what its result file says, what we hold.
// Source: help.aliyun.com, API QueryDeviceDistributeJob and QueryDeviceDistributeDetail.
#pragma once

#include <array>
#include <cstdint>
#include <map>
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
  kFinished,      // 2: carried out, which does not say that every device was distributed
  kAborted,       // 3
  kUnknown,       // ours: a number that we do not know, or none yet
};
inline constexpr std::array<DistributionStatus, 5> kAllDistributionStatuses = {
    DistributionStatus::kInitializing, DistributionStatus::kRunning, DistributionStatus::kFinished,
    DistributionStatus::kAborted, DistributionStatus::kUnknown};

// Our spelling, in metrics and events: "FINISHED".
std::string_view name(DistributionStatus status);
// The cloud's number: 0 to 3.
DistributionStatus parse_distribution_status(std::int64_t number);
constexpr bool is_finished(DistributionStatus s) {
  return s == DistributionStatus::kFinished || s == DistributionStatus::kAborted;
}

// What a good QueryDeviceDistributeJob reply says.
struct DistributionReply {
  std::string distribution_id;
  DistributionStatus status = DistributionStatus::kUnknown;
  std::string status_text;  // the cloud's word, only when status is kUnknown
  std::string product_key;
  std::string source_instance;
  std::vector<std::string> target_instances;
  std::optional<std::uint32_t> total;  // devices
  std::optional<Wall> created;
};

// What a good QueryDeviceDistributeDetail reply says. Who has the address may read the file: its
// query is a signature.
struct DistributionFile {
  Secret url;  // empty: there is no file (yet)
};

// How a result file is written. Documented nowhere, so it is recognised by its content.
enum class ResultFormat : std::uint8_t { kUnknown, kJsonArray, kJsonLines, kCsv, kXlsx };
std::string_view name(ResultFormat format);  // "csv"

// One device of a result file. Text from the file: data, to be escaped by whoever shows it.
struct DeviceResult {
  std::string product_key;  // may be empty
  std::string device_name;
  std::string code;     // "200" is good
  std::string message;  // may be empty
  bool operator==(const DeviceResult&) const = default;
};

// What a result file came to. `ok` + `failed` + `unknown` is its number of devices, where the
// format was understood; otherwise all are 0 and `problem` says why.
struct DistributionResult {
  ResultFormat format = ResultFormat::kUnknown;
  bool understood = false;
  std::string problem;  // for people, of a file that was not understood; escaped
  std::uint32_t ok = 0;
  std::uint32_t failed = 0;
  std::uint32_t unknown = 0;                   // devices whose code is empty or unreadable
  std::map<std::string, std::uint32_t> codes;  // devices by code; at most kMaxCodes of them
  // In the file's order: the first of them, as many as fit into some megabytes.
  std::vector<DeviceResult> failed_devices;
  std::uint64_t bytes = 0;  // of the file as it was fetched
};
// Ten times the devices that a distribution takes by the documents; those above are only counted.
inline constexpr std::size_t kMaxFailedDevices = 100'000;
inline constexpr std::size_t kMaxCodes = 64;  // further codes are counted as "other"

struct DistributionKey {
  std::string account;
  std::string distribution_id;
  auto operator<=>(const DistributionKey&) const = default;
};

// What we hold of a distribution, all of it durable.
struct DistributionRecord {
  DistributionKey key;
  DistributionReply last;  // status kUnknown with no text: never read
  Wall first_seen;
  Wall last_seen;             // receive time of the last reply about it
  std::optional<Wall> ended;  // when it was first seen finished or aborted
  std::optional<Wall> result_read;
  // One that was not understood is fetched again: see DistributionWatch.
  std::optional<DistributionResult> result;
  // A fetch that has begun and of whose end nothing is known: stored before it begins, so that a
  // crash by the file is seen at the next start.
  std::optional<Wall> fetch_begun;
  std::uint32_t refusals = 0;  // fetches running whose file was not understood
};

// What it takes to fetch a result file of a distribution.
struct ResultRequest {
  DistributionKey key;
  Secret url;
  std::vector<std::string> hosts;  // that it may be fetched from: "*.aliyuncs.com"
  std::string proxy;               // empty: none
  std::string ca_file;             // empty: the system's
};
struct ResultFailure {
  bool expired = false;  // the link's time is over: ask for another
  std::string message;   // names the host and the fix; never the URL's path or query
  bool refused = false;  // the file itself is what fails: not at once again
};

// Devices whose fate is not known: those that the file calls so, and those that the cloud counts
// but the file does not name (it was not understood, was cut, or the distribution was aborted).
// 0 before a file was read; at least 1 if it was not understood.
std::uint32_t unknown_devices(const DistributionRecord& record);

}  // namespace taskwatchd
