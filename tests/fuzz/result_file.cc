// Reads any bytes as a result file: counts that add up, or none and a printable problem.
#include "cloud/result_file.h"

#include "fuzz_input.h"

using namespace taskwatchd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ResultLimits limits;  // the daemon's limits: run with -rss_limit_mb=400
  const DistributionResult result = read_result_file(text_of(data, size), limits);
  require(result.bytes == size);
  require(result.understood == result.problem.empty());
  require(result.problem.size() <= 1024 && is_printable(result.problem));
  require(result.failed >= result.failed_devices.size());
  require(result.codes.size() <= kMaxCodes);
  std::uint64_t coded = 0;
  for (const auto& [code, n] : result.codes) {
    require(!code.empty() && code.size() <= kResultCodeBytes && is_printable(code));
    coded += n;
  }
  require(coded == std::uint64_t{result.ok} + result.failed);
  require(result.understood ? coded + result.unknown > 0 : coded + result.unknown == 0);
  for (const DeviceResult& device : result.failed_devices) {
    require(!device.device_name.empty() && device.device_name.size() <= 128);
    require(device.code != "200" && is_utf8(device.device_name) && is_utf8(device.product_key));
    require(is_utf8(device.message) && device.message.size() <= 300);
  }
  return 0;
}
