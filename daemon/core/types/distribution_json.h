// The content of a result file as JSON, as the store and the API use it. No I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/types/distribution.h"

namespace taskwatchd {

// {"format":"csv","understood":true,"ok":..,"failed":..,"unknown":..,"bytes":..,"problem":"..",
// "codes":{"200":7},"failed_devices":[{"product_key":..,"device_name":..,"code":..,"message":..}]}
std::string to_json(const DistributionResult& result);
// The inverse. Returns nullopt if the text was not written by to_json.
std::optional<DistributionResult> result_from_json(std::string_view json);

}  // namespace taskwatchd
