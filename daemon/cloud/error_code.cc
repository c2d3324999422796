// Maps the platform's error codes to reasons. Sources: help.aliyun.com document 434846 (gateway),
// alibabacloud.com document 87387 and help.aliyun.com document 135200 (IoT). All strings here are
// in lower case.
#include <algorithm>
#include <array>

#include "cloud/reply.h"
#include "core/types/ascii.h"

namespace taskwatchd {
namespace {

// Returns true for "Forbidden" itself and "Forbidden.RAM", but not for "ForbiddenFruit".
bool is_family(std::string_view code, std::string_view family) {
  return code.starts_with(family) && (code.size() == family.size() || code[family.size()] == '.');
}

// Codes that determine the reason by themselves, in any response and with any HTTP status.
std::optional<Reason> by_name(std::string_view code) {
  if (code.starts_with("throttling") || code.ends_with("highfrequentdeny") ||
      code.ends_with("ratelimit")) {
    return Reason::kThrottled;
  }
  if (is_family(code, "invalidaccesskeyid") || is_family(code, "invalidsecuritytoken") ||
      is_family(code, "signaturedoesnotmatch")) {
    return Reason::kAuth;
  }
  if (is_family(code, "forbidden") || is_family(code, "nopermission") ||
      code.ends_with("permissiondeny")) {
    return Reason::kForbidden;
  }
  if (code.ends_with("billisoverdue")) return Reason::kOverdue;
  if (is_family(code, "invalidtimestamp")) return Reason::kClockSkew;
  if (code.ends_with("systemexception") || is_family(code, "internalerror") ||
      is_family(code, "serviceunavailable") || is_family(code, "unknownerror")) {
    return Reason::kServerError;
  }
  return std::nullopt;
}

// The other codes that IoT documents: errors of the caller, with any HTTP status.
constexpr std::array<std::string_view, 11> kDocumentedIot = {
    "iot.common.invalidpageparams", "iot.common.invalidtenant",
    "iot.common.invalidparam",      "iot.common.parametersizelimit",
    "iot.prod.notexistedproduct",   "iot.sre.iotinstanceaccessforbidden",
    "iot.sre.iotinstancenotfound",  "iot.system.illegalrequest",
    "iot.system.instanceidsame",    "iot.system.instancenotfound",
    "iot.system.uidnotfound"};

bool is_documented_iot(std::string_view code) {
  return code.starts_with("iot.device.") ||
         std::find(kDocumentedIot.begin(), kDocumentedIot.end(), code) != kDocumentedIot.end();
}

}  // namespace

Reason classify(std::string_view code, int http_status) {
  const std::string word = ascii_lower(code);
  if (const auto reason = by_name(word)) return *reason;
  if (is_documented_iot(word)) return Reason::kBadRequest;
  if (http_status == 429) return Reason::kThrottled;
  if (http_status == 408) return Reason::kTimeout;
  if (http_status >= 500 && http_status <= 599) return Reason::kServerError;
  return word.empty() ? Reason::kProtocol : Reason::kBadRequest;
}

bool is_undocumented_iot_code(std::string_view code) {
  const std::string word = ascii_lower(code);
  return word.starts_with("iot.") && !by_name(word) && !is_documented_iot(word);
}

}  // namespace taskwatchd
