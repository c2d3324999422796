#include "io/system/process_stats.h"

#include <malloc.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace taskwatchd {
namespace {

// Indexes of fields in /proc/self/stat, counted from the state letter (field 3 of proc(5)).
constexpr std::size_t kUserTicks = 11;
constexpr std::size_t kSystemTicks = 12;
constexpr std::size_t kThreads = 17;
constexpr std::size_t kStartTicks = 19;
constexpr std::size_t kVirtualBytes = 20;
constexpr std::size_t kResidentPages = 21;

std::vector<std::string> stat_fields() {
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  // The command's name may contain spaces and parentheses; the fields begin after the last ')'.
  const std::size_t end = text.rfind(')');
  std::vector<std::string> fields;
  if (end == std::string::npos) return fields;
  std::size_t at = end + 1;
  while ((at = text.find_first_not_of(' ', at)) != std::string::npos) {
    const std::size_t stop = std::min(text.find(' ', at), text.size());
    fields.push_back(text.substr(at, stop - at));
    at = stop;
  }
  return fields;
}

std::optional<std::uint64_t> number(const std::vector<std::string>& fields, std::size_t place) {
  if (place >= fields.size()) return std::nullopt;
  std::uint64_t value = 0;
  const std::string& text = fields[place];
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

double clock_seconds(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

double ticks_a_second() {
  return static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::optional<std::uint64_t> count_fds() {
  std::error_code error;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  if (error) return std::nullopt;
  std::uint64_t count = 0;
  for (; entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (error) return std::nullopt;
    ++count;
  }
  return count - 1;  // without the descriptor that reads the directory
}

}  // namespace

ProcessStatsReader::ProcessStatsReader() {
  const auto started = number(stat_fields(), kStartTicks);
  if (!started) return;
  const double age =
      clock_seconds(CLOCK_BOOTTIME) - static_cast<double>(*started) / ticks_a_second();
  start_time_ = clock_seconds(CLOCK_REALTIME) - age;
}

ProcessStats ProcessStatsReader::read() const {
  ProcessStats stats;
  stats.start_time = start_time_;
  const std::vector<std::string> fields = stat_fields();
  const auto user = number(fields, kUserTicks);
  const auto system = number(fields, kSystemTicks);
  if (user && system) stats.cpu_seconds = static_cast<double>(*user + *system) / ticks_a_second();
  stats.virtual_bytes = number(fields, kVirtualBytes);
  stats.threads = number(fields, kThreads);
  if (const auto pages = number(fields, kResidentPages)) {
    stats.resident_bytes = *pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  }
  stats.open_fds = count_fds();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    stats.max_fds = limit.rlim_cur;
  }
  return stats;
}

void give_memory_back() {
  ::malloc_trim(0);
}

}  // namespace taskwatchd
