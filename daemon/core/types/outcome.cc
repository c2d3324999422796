#include "core/types/outcome.h"

#include "core/types/ascii.h"
#include "core/types/names.h"

namespace taskwatchd {
namespace {
constexpr std::array<std::string_view, kAllReasons.size()> kReasonNames = {
    "throttled", "timeout", "unreachable", "tls",       "server_error", "auth",
    "forbidden", "overdue", "clock_skew",  "not_found", "bad_request",  "protocol"};
}

std::string_view name(Reason reason) {
  return name_in(kReasonNames, reason);
}

bool Failure::blames_keys() const {
  const std::string word = ascii_lower(code);
  return reason == Reason::kAuth &&
         (word.starts_with("invalidsecuritytoken") || word.starts_with("invalidaccesskeyid"));
}

}  // namespace taskwatchd
