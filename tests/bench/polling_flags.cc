#include "bench/polling_flags.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>

#include "bench/polling_scenarios.h"
#include "commands/flag_rules.h"
#include "config/duration.h"

namespace taskwatchd::plan {
namespace {

// Stores the value of one flag. Returns false if the value is invalid.
using Taker = std::function<bool(const std::string& value)>;

Taker text_to(std::string& to) {
  return [&to](const std::string& value) { return !(to = value).empty(); };
}

Taker count_to(int& to) {
  return [&to](const std::string& value) { return (to = std::atoi(value.c_str())) >= 0; };
}

Taker share_to(double& to) {
  return [&to](const std::string& value) {
    const auto share = parse_share(value);
    if (share) to = *share;
    return share.has_value();
  };
}

Taker rate_to(std::optional<double>& to) {
  return [&to](const std::string& value) { return (to = parse_rate(value)).value_or(0) > 0; };
}

Taker duration_to(Duration& to) {
  return [&to](const std::string& value) {
    const auto duration = parse_duration(value);
    if (duration) to = *duration;
    return duration.has_value();
  };
}

std::map<std::string, Taker> takers_of(BenchFlags& flags) {
  Faults& faults = flags.run.faults;
  return {
      {"--set",
       [&](const std::string& value) {
         flags.set = value;
         return value == "clean" || value == "faults";
       }},
      {"--scenarios", text_to(flags.scenarios)},
      {"--orders", text_to(flags.orders)},
      {"--rows", text_to(flags.rows)},
      {"--seeds", count_to(flags.seeds)},
      {"--big-seeds", count_to(flags.big_seeds)},
      {"--threads", count_to(flags.threads)},
      {"--alone",
       [&](const std::string& value) {
         flags.alone = value != "0";
         return true;
       }},
      {"--rtt", duration_to(flags.run.rtt)},
      {"--failing-calls", share_to(faults.failing_calls)},
      {"--other-calls",
       [&](const std::string& value) {
         const auto rate = parse_rate(value);
         faults.other_calls = rate.value_or(0);
         return rate.has_value();
       }},
      {"--quota", rate_to(faults.quota)},
      {"--shared-quota", rate_to(faults.shared_quota)},
      {"--statistics-lag", duration_to(faults.statistics_lag)},
      {"--refused-tokens", share_to(faults.refused_tokens)},
      {"--token-life",
       [&](const std::string& value) {
         faults.token_life = parse_duration(value);
         return faults.token_life.has_value();
       }},
      {"--failing-tasks", share_to(flags.life.failed)},
      {"--jitter", duration_to(faults.jitter)},
  };
}

[[noreturn]] void refuse(const std::string& what) {
  fmt::print(stderr, "bench_polling: {}\n", what);
  std::exit(78);
}

}  // namespace

BenchFlags bench_flags_of(int argc, char** argv) {
  BenchFlags flags;
  const auto takers = takers_of(flags);
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const std::size_t equals = flag.find('=');
    const auto taker = takers.find(flag.substr(0, equals));
    if (flag == "--mixed") {
      flags.run.faults.mixed = true;
    } else if (flag == "--single-use-tokens") {
      flags.run.faults.single_use_tokens = true;
    } else if (flag == "--shared-quota") {
      flags.run.faults.shared_quota = kQuota;
    } else if (taker == takers.end() || equals == std::string::npos) {
      refuse("unknown flag " + flag);
    } else if (!taker->second(flag.substr(equals + 1))) {
      refuse("wrong value in " + flag);
    }
  }
  for (const char scenario : flags.scenarios) {
    if (scenario < 'A' || scenario > 'F') refuse(fmt::format("there is no scenario {}", scenario));
  }
  return flags;
}

Order order_of(char letter) {
  return letter == 'o' ? Order::kOldest : letter == 'n' ? Order::kNewest : Order::kId;
}

}  // namespace taskwatchd::plan
