// What the answer of a sink's receiver means: the event was taken, the event is at fault, or the
// sink is. No I/O; throws nothing. A chat service answers HTTP 200 with a code in the body; that
// code decides. Sources: the error codes in "Custom robot" (open.dingtalk.com), "Custom bot"
// (open.feishu.cn), "Group robot" (developer.work.weixin.qq.com), "Incoming webhooks"
// (api.slack.com); OTLP 1.5, "OTLP/HTTP Response".
#pragma once

#include <optional>
#include <string>

#include "cloud/http.h"
#include "config/notify.h"
#include "core/types/time.h"

namespace taskwatchd {

enum class DeliveryVerdict {
  kTaken,
  kEventFault,  // no attempt can succeed: too long, malformed
  kSinkFault,   // the same event may succeed later
};

struct DeliveryAnswer {
  DeliveryVerdict verdict = DeliveryVerdict::kSinkFault;
  // What happened and how to fix it, for the log and the status page: at most 512 bytes, printable,
  // without URLs and secrets. If the event was taken, empty, or a warning of a collector that
  // dropped a part of the batch.
  std::string reason = {};
  // No attempt before this has passed. At most 1 h, whatever the receiver asks for.
  std::optional<Duration> pause = {};
  // The label `code`, from a closed set: 200, 429, 4xx; a code of the service; timeout, tls.
  std::string code = {};
};

// `now` is the time of the answer: Retry-After may be a date.
DeliveryAnswer judge_delivery(SinkFormat format, const HttpResult& result, Wall now);

}  // namespace taskwatchd
