// What Alibaba Cloud documents of the regions of its IoT Platform, as warnings: the lists may be
// older than the platform, so nothing is refused. Pure. Source:
// help.aliyun.com/en/iot/support/faq-about-iot-platform-instances and the job documents.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace taskwatchd {

// One sentence for each instance and finding, in the configuration's order.
std::vector<std::string> region_warnings(const Config& config);

}  // namespace taskwatchd
