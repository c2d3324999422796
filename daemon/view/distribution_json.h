// Distributions as the API's JSON and as a table for download. Pure; text from a result file is
// data: escaped for its form.
#pragma once

#include <string>
#include <vector>

#include "core/types/distribution.h"

namespace taskwatchd {

// [{"account":..,"distribution_id":..,"status":..,...,"result":{..} or null},...]
std::string distributions_json(const std::vector<DistributionRecord>& records);
// The failed devices as CSV (RFC 4180, UTF-8): product_key,device_name,code,message. A field that a
// spreadsheet would take for a formula gets a ' before it. Only the head without a result.
std::string failed_devices_csv(const DistributionRecord& record);

}  // namespace taskwatchd
