// Distributions as the API's JSON and as a table for download. No I/O. Text from a result file is
// untrusted: it is escaped for the output format.
#pragma once

#include <string>
#include <vector>

#include "core/types/distribution.h"

namespace taskwatchd {

// [{"account":..,"distribution_id":..,"status":..,...,"result":{..} or null},...]
std::string distributions_json(const std::vector<DistributionRecord>& records);
// The failed devices as CSV (RFC 4180, UTF-8): product_key,device_name,code,message. A field that a
// spreadsheet would execute as a formula is prefixed with '. Only the header line if there is no
// result.
std::string failed_devices_csv(const DistributionRecord& record);

}  // namespace taskwatchd
