// What a result file came to, as JSON: the store keeps it so, and the API shows it so. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/types/distribution.h"

namespace taskwatchd {

// {"format":"csv","understood":true,"ok":..,"failed":..,"unknown":..,"bytes":..,"problem":"..",
// "codes":{"200":7},"failed_devices":[{"product_key":..,"device_name":..,"code":..,"message":..}]}
std::string to_json(const DistributionResult& result);
// The reverse. Nothing if the text is not what to_json writes.
std::optional<DistributionResult> result_from_json(std::string_view json);

}  // namespace taskwatchd
