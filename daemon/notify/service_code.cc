#include "notify/service_code.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/types/ascii.h"

namespace taskwatchd {
namespace {

constexpr Duration kNoPause{};
constexpr Duration kMinute = std::chrono::minutes(1);
// DingTalk blocks a robot for 10 min after more than 20 messages in a minute.
constexpr Duration kDingTalkBlock = std::chrono::minutes(10);
constexpr DeliveryVerdict kEvent = DeliveryVerdict::kEventFault;
constexpr DeliveryVerdict kSink = DeliveryVerdict::kSinkFault;
constexpr SinkFormat kDing = SinkFormat::kDingTalk;
constexpr SinkFormat kFei = SinkFormat::kFeishu;
constexpr SinkFormat kWe = SinkFormat::kWeCom;

constexpr std::string_view kSlower = "too many messages; reduce `max_per_minute`";
constexpr std::string_view kNewRobot =
    "the robot does not exist any more; add a robot and put its URL into `url_file`";
constexpr std::string_view kBusy = "the service is busy";
constexpr std::string_view kTooLong = "the message is too long";
constexpr std::string_view kMalformed = "the service does not accept the message";
constexpr std::string_view kContent = "the service rejects the content of the message";
constexpr std::string_view kKeyword =
    "the robot requires a keyword; begin `title` with it, or change the robot's security settings";
constexpr std::string_view kSignature =
    "the signature or its time is wrong; check `secret_file` and the clock of this host";
constexpr std::string_view kAddress =
    "the robot does not accept the address of this host; add it to the robot's list of addresses";

constexpr std::array<ServiceCode, 31> kCodes = {{
    {kDing, -1, kSink, kBusy, kNoPause},
    {kDing, 40035, kEvent, kMalformed, kNoPause},
    {kDing, 90030, kSink, "the quota of the organization is used up; increase it", kNoPause},
    {kDing, 130101, kSink, kSlower, kDingTalkBlock},
    {kDing, 300001, kSink, kNewRobot, kNoPause},
    {kDing, 300005, kSink, kNewRobot, kNoPause},
    {kDing, 310000, kSink, "the robot's security settings reject the message", kNoPause},
    {kDing, 400013, kSink, "the group does not exist any more; add a robot to another group",
     kNoPause},
    {kDing, 400101, kSink, kNewRobot, kNoPause},
    {kDing, 400102, kSink, "the robot is disabled; enable it", kNoPause},
    {kDing, 400105, kEvent, kMalformed, kNoPause},
    {kDing, 400106, kSink, kNewRobot, kNoPause},
    {kDing, 410100, kSink, kSlower, kDingTalkBlock},
    {kDing, 430101, kEvent, kContent, kNoPause},
    {kDing, 430102, kEvent, kContent, kNoPause},
    {kDing, 430103, kEvent, kContent, kNoPause},
    {kDing, 430104, kEvent, kContent, kNoPause},
    {kDing, 460101, kEvent, kTooLong, kNoPause},
    {kFei, 9499, kEvent, kMalformed, kNoPause},
    {kFei, 11232, kSink, kSlower, kMinute},
    {kFei, 19001, kSink, kNewRobot, kNoPause},
    {kFei, 19002, kEvent, kMalformed, kNoPause},
    {kFei, 19021, kSink, kSignature, kNoPause},
    {kFei, 19022, kSink, kAddress, kNoPause},
    {kFei, 19024, kSink, kKeyword, kNoPause},
    {kWe, -1, kSink, kBusy, kNoPause},
    {kWe, 40008, kEvent, kMalformed, kNoPause},
    {kWe, 40058, kEvent, kTooLong, kNoPause},
    {kWe, 44004, kEvent, kMalformed, kNoPause},
    {kWe, 45009, kSink, kSlower, kMinute},
    {kWe, 93000, kSink, kNewRobot, kNoPause},
}};

}  // namespace

const ServiceCode* find_service_code(SinkFormat format, std::int64_t code) {
  const auto* const at = std::find_if(kCodes.begin(), kCodes.end(), [&](const ServiceCode& one) {
    return one.format == format && one.code == code;
  });
  return at == kCodes.end() ? nullptr : at;
}

std::string_view dingtalk_check_remedy(std::string_view message) {
  const std::string lower = ascii_lower(message);
  const auto has = [&lower](std::string_view part) {
    return lower.find(part) != std::string::npos;
  };
  // "关键词", "签名", "时间"/"过期"
  if (has("keyword") || has("\u5173\u952e\u8bcd")) return kKeyword;
  if (has("sign") || has("timestamp") || has("\u7b7e\u540d") || has("\u65f6\u95f4") ||
      has("\u8fc7\u671f")) {
    return kSignature;
  }
  if (has(" ip") || has("ip ") || has("whitelist") || has("ip\u5730\u5740")) return kAddress;
  return {};
}

std::string_view service_name(SinkFormat format) {
  switch (format) {
    case SinkFormat::kDingTalk:
      return "DingTalk";
    case SinkFormat::kFeishu:
      return "Feishu";
    case SinkFormat::kWeCom:
      return "WeCom";
    case SinkFormat::kSlack:
      return "Slack";
    case SinkFormat::kOtlp:
      return "the collector";
    case SinkFormat::kCloudEvents:
      break;
  }
  return "the receiver";
}

}  // namespace taskwatchd
