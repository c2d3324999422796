// The codes of chat services: whose fault each one is and what to do. No I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/notify.h"
#include "core/types/time.h"
#include "notify/delivery_answer.h"

namespace taskwatchd {

struct ServiceCode {
  SinkFormat format = SinkFormat::kDingTalk;
  std::int64_t code = 0;
  DeliveryVerdict verdict = DeliveryVerdict::kSinkFault;
  std::string_view remedy;  // "shorten the message"
  Duration pause{};         // 0: no more than usual
};

// Null for a code that is not documented.
const ServiceCode* find_service_code(SinkFormat format, std::int64_t code);
// The remedy for DingTalk 310000, which stands for four checks: `message` says which one failed.
std::string_view dingtalk_check_remedy(std::string_view message);
// "DingTalk"
std::string_view service_name(SinkFormat format);

}  // namespace taskwatchd
