// Reads which jobs are watched without being listed.
#include "config/accounts.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kMaxPatternBytes = 128;
// Each job costs API calls while it is watched: beyond this number, a pattern should select fewer.
constexpr std::size_t kMaxDiscovered = 10'000;

std::optional<std::string> pattern_problem(const std::string& pattern) {
  if (pattern.size() > kMaxPatternBytes) {
    return "`name` is longer than " + std::to_string(kMaxPatternBytes) +
           " bytes; shorten it by a *";
  }
  for (const char c : pattern) {
    if ((c >= 0 && c < 0x20) || c == 0x7F) {
      return "`name` contains a control character; write the pattern on one line";
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<DiscoverJobs> read_discover_jobs(Section& instance) {
  DiscoverJobs wanted;
  bool flag = false;
  auto section = instance.section_or_flag("`discover_jobs`", "discover_jobs", flag);
  if (!section) return flag ? std::optional(wanted) : std::nullopt;
  if (const auto pattern = section->text("name")) {
    wanted.name = *pattern;
    if (const auto problem = pattern_problem(*pattern)) section->refuse("name", *problem);
  }
  wanted.modified_within = section->span("modified_within", "7d").value_or(wanted.modified_within);
  wanted.limit = section->count("limit", kMaxDiscovered, 1).value_or(wanted.limit);
  section->finish();
  return wanted;
}

}  // namespace taskwatchd
