#include "simulator/model_text.h"

#include <array>
#include <cstdio>

namespace iotsim {
namespace {

constexpr std::array<std::string_view, 4> kTroubles = {
    "download failed: checksum mismatch", "not enough space on /data", "battery below 20 percent",
    "bootloader refused the image"};

}  // namespace

std::string base62(std::uint64_t value, int digits) {
  static constexpr std::string_view kAlphabet =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string text;
  for (int i = 0; i < digits; ++i, value /= kAlphabet.size()) {
    text += kAlphabet[value % kAlphabet.size()];
  }
  return text;
}

std::string request_id(std::uint64_t high, std::uint64_t low) {
  std::array<char, 40> text;
  const int n = std::snprintf(
      text.data(), text.size(), "%08X-%04X-4%03X-%04X-%012llX", static_cast<unsigned>(high >> 32U),
      static_cast<unsigned>((high >> 16U) & 0xffffU), static_cast<unsigned>(high & 0xfffU),
      static_cast<unsigned>(0x8000U | ((low >> 48U) & 0x3fffU)),
      static_cast<unsigned long long>(low & 0xffffffffffffULL));
  return std::string(text.data(), static_cast<std::size_t>(n));
}

std::string usual_message(Status status, std::uint64_t variety) {
  switch (status) {
    case Status::kInProgress:
      return "installing";
    case Status::kSucceeded:
      return "done";
    case Status::kFailed:
      return std::string(kTroubles[variety % kTroubles.size()]);
    case Status::kRejected:
      return "model not supported";
    case Status::kTimedOut:
    case Status::kCancelled:
    case Status::kQueued:
    case Status::kSent:
    case Status::kOther:
      return "";
  }
  return "";
}

std::string usual_detail(Status status, int progress, std::uint64_t variety) {
  if (status == Status::kQueued || status == Status::kSent || status == Status::kOther) return "";
  const std::string code =
      status == Status::kFailed ? std::to_string(4000 + variety % 4) : std::string("0");
  return R"({ "code":)" + code + R"(, "step":)" + std::to_string(progress < 0 ? 0 : progress) +
         R"(, "msg":"reported by device" })";
}

std::string hostile_text(std::string_view kind) {
  if (kind == "newlines") {
    return "first\nts=2026-01-01T00:00:00.000Z level=info event=task_transition msg=\"forged\"\r\n"
           "{\"event\":\"forged\"}\v\f\xE2\x80\xA8\xE2\x80\xA9";
  }
  if (kind == "ansi")
    return "\x1b[2J\x1b[31mred\x1b]0;title\x07\x1b[0m\xC2\x9B"
           "31m\b\b\b";
  if (kind == "url") {
    return "see https://bucket.oss-cn-shanghai.aliyuncs.com/fw.bin?Expires=1700000000&"
           "OSSAccessKeyId=LTAIcanary&Signature=canary-signature%3D&security-token=canary-token";
  }
  if (kind == "script") {
    return "</script><script>alert(1)</script><img src=x onerror=alert(2)>'\"><!--{{7*7}}{}%s%n";
  }
  if (kind == "big") return std::string(1U << 20U, 'A');
  if (kind == "rtl")
    return "\xE2\x80\xAE"
           "dedeeccus\xE2\x80\xAC \xE2\x81\xA6"
           "x\xE2\x81\xA9\xEF\xBB\xBF";
  if (kind == "nul") return std::string("before\0after\x7f", 13);
  return "";
}

}  // namespace iotsim
