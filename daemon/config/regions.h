// Warnings from Alibaba Cloud's documents about regions of the IoT Platform. The lists may be
// outdated, so nothing is rejected. No I/O. Source:
// help.aliyun.com/en/iot/support/faq-about-iot-platform-instances and the job documents.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace taskwatchd {

// Returns one sentence per instance and finding, in the configuration's order.
std::vector<std::string> region_warnings(const Config& config);

}  // namespace taskwatchd
