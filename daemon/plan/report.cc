#include "plan/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/duration.h"
#include "config/parse.h"
#include "core/events/json.h"

namespace taskwatchd::plan {
namespace {

// Number of series of one task (status 9, progress, info, two times), additionally of an explicit
// task (its state), of one job, and of one job's counters.
constexpr std::uint64_t kTaskSeries = 13;
constexpr std::uint64_t kNamedSeries = 3;
constexpr std::uint64_t kJobSeries = 31;
constexpr std::uint64_t kJobCounters = 18;

std::string number(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

std::string counted(std::uint64_t n, const std::string& noun) {
  return number(n) + " " + noun + (n == 1 ? "" : "s");
}

std::string figure(std::optional<double> value) {
  if (!value) return "-";
  if (*value >= 1000) return number(static_cast<std::uint64_t>(*value + 0.5));
  return fmt::format("{:.{}f}", *value, *value < 10 ? 2 : *value < 100 ? 1 : 0);
}

std::string row(const std::string& what, const Spread& spread) {
  return fmt::format("  {:<28}{:>9}{:>9}{:>9}\n", what, figure(spread.mean), figure(spread.p50),
                     figure(spread.p99));
}

std::string row_name(std::size_t i) {
  if (i + 1 == kRowEnds.size()) return "more";
  return fmt::format("to {:g} s", kRowEnds[i]);
}

// Draws a bar in eighths of a column, so that 1 % of 40 columns is visible.
std::string bar(double part) {
  constexpr std::array<const char*, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  constexpr int kColumns = 40;
  const int eighths = std::max(part > 0 ? 1 : 0, static_cast<int>(part * kColumns * 8 + 0.5));
  std::string text;
  for (int i = 0; i < eighths / 8; ++i) text += "█";
  return text + kEighths[static_cast<std::size_t>(eighths % 8)];
}

std::string chart(const std::string& title, const std::array<std::size_t, kRowEnds.size()>& rows) {
  std::size_t all = 0, last = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    all += rows[i];
    if (rows[i] > 0) last = i;
  }
  if (all == 0) return "";
  std::string text = fmt::format("\n{}, {}\n", title, number(all));
  for (std::size_t i = 0; i <= last; ++i) {
    const double part = static_cast<double>(rows[i]) / static_cast<double>(all);
    text += fmt::format("  {:>10} {:>5.1f} % {}\n", row_name(i), 100 * part, bar(part));
  }
  return text;
}

std::string percent(double share) {
  return fmt::format("{:.3g} %", 100 * share);
}

// Describes the configured faults; empty if there are none.
std::string faults(const Report& report) {
  const Faults& wrong = report.faults;
  std::vector<std::string> parts;
  if (wrong.failing_calls > 0) {
    parts.push_back(percent(wrong.failing_calls) +
                    " of the calls fail (5xx, timeouts and throttling in equal parts)");
  }
  if (wrong.other_calls > 0) {
    parts.push_back(
        fmt::format("other programs call each API {:g} times per second", wrong.other_calls));
  }
  if (report.shared_quota) parts.push_back("all APIs share one quota");
  if (wrong.statistics_lag > Duration::zero()) {
    parts.push_back("statistics are " + format_duration(wrong.statistics_lag) + " late");
  }
  if (wrong.jitter > Duration::zero()) {
    parts.push_back("the network delay in each direction is " + format_duration(wrong.jitter) +
                    " longer in the median");
  }
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text.empty() ? text : "Modelled faults: " + text + ".\n";
}

std::string opening(const Report& report) {
  const bool all_named = report.named == report.tasks;
  std::string watched = "watched as jobs";
  if (all_named) {
    watched = "explicit tasks";
  } else if (report.named > 0) {
    watched = counted(report.named, "task") + " of them explicit";
  }
  std::string text = fmt::format(
      "Modelled: {} in {} ({}), {}; all jobs start at once, {:g} tasks per minute each.\n",
      counted(report.tasks, "task"), counted(report.jobs, "job"), watched,
      counted(report.accounts, "account"), kRolloutPerMinute);
  if (report.discovers) text += "discover_jobs counts as one job; set --jobs for more.\n";
  text += fmt::format(
      "{} of the tasks fail, 1.5 % time out after 30 min, 0.5 % are rejected, 8 % of the devices "
      "are away\n(2 h on average); the others take 3 min. Round trip {}, seed {}, pages by {}{}.\n",
      percent(report.failing_tasks), format_duration(report.rtt), report.seed, name(report.order),
      report.worse_of_two ? ", the worse of id and oldest" : "");
  text += faults(report);
  text += fmt::format("Simulated {:.1f} h", static_cast<double>(report.span) / 3.6e6);
  if (report.ahead + report.unseen == 0) return text + ", until all tasks were finished.\n";
  return text + fmt::format("; {} unfinished by then, {} not observed.\n",
                            counted(report.ahead, "task"), counted(report.unseen, "completion"));
}

std::string value(std::optional<double> v) {
  return v ? fmt::format("{:.6g}", *v) : "null";
}

std::string object(const Spread& spread) {
  JsonObject json;
  json.add_json("mean", value(spread.mean)).add_json("p50", value(spread.p50));
  return json.add_json("p99", value(spread.p99)).text();
}

std::string bad_and_all(const std::string& bad, const std::string& all) {
  return JsonObject().add_json("bad", bad).add_json("all", all).text();
}

double used_ratio(const ApiUse& use) {
  return use.quota > 0 ? use.calls_per_second / use.quota : 0;
}

}  // namespace

Spread spread_of(std::vector<double> delays) {
  Spread spread;
  spread.count = delays.size();
  if (delays.empty()) return spread;
  spread.mean = mean_of(delays);
  spread.p50 = quantile_of(delays, 0.5);
  spread.p99 = quantile_of(delays, 0.99);
  return spread;
}

std::array<std::size_t, kRowEnds.size()> rows_of(const std::vector<double>& delays) {
  std::array<std::size_t, kRowEnds.size()> rows{};
  for (const double delay : delays) {
    const auto end = std::lower_bound(kRowEnds.begin(), kRowEnds.end() - 1, delay);
    ++rows[static_cast<std::size_t>(end - kRowEnds.begin())];
  }
  return rows;
}

std::uint64_t series_of(const Config& config, const Scenario& scenario, std::size_t bad) {
  std::uint64_t jobs = 0, named_jobs = 0;
  for (const AccountScenario& one : scenario.accounts) {
    for (const JobPlan& job : one.jobs) ++(job.named ? named_jobs : jobs);
  }
  const std::uint64_t named = scenario.named();
  const std::uint64_t others = scenario.tasks() - named;
  std::uint64_t wanted = 0;
  switch (config.task_series) {
    case TaskSeries::kNone:
    case TaskSeries::kExplicit:
      break;
    case TaskSeries::kBad:
      wanted = std::min<std::uint64_t>(bad, others);
      break;
    case TaskSeries::kActive:  // each was unfinished once, and keeps its series once admitted
    case TaskSeries::kAll:
      wanted = others;
  }
  const std::uint64_t named_shown = config.task_series == TaskSeries::kNone ? 0 : named;
  return named_shown * kTaskSeries + named * kNamedSeries + named_jobs * kJobCounters +
         std::min<std::uint64_t>(wanted, config.task_series_limit) * kTaskSeries +
         std::min<std::uint64_t>(jobs, config.job_series_limit) * (kJobSeries + kJobCounters);
}

std::string text(const Report& report) {
  std::string text = opening(report);
  text += fmt::format("\n  {:<28}{:>9}{:>18}\n", "calls", "per s", "of the quota");
  for (const auto& [api, use] : report.apis) {
    text += fmt::format("  {:<28}{:>9}{:>16.0f} %\n", name(api), figure(use.calls_per_second),
                        100 * used_ratio(use));
  }
  text += fmt::format("  {} of the calls were throttled; {} of one API in one second.\n",
                      percent(report.refused_ratio),
                      counted(report.most_in_a_second, "call") + " at most");
  text += fmt::format("\n  {:<28}{:>9}{:>9}{:>9}\n", "detection delay, s", "mean", "p50", "p99");
  text += row("failures", report.bad) + row("completions", report.all);
  text += row("round robin, failures", report.robin_bad) +
          row("round robin, completions", report.robin_all);
  text += fmt::format("  Not observed: {}, {} of them failures.\n",
                      counted(report.unseen, "completion"), number(report.unseen_bad));
  text += chart("failures by detection delay", report.bad_rows);
  text += chart("completions by detection delay", report.all_rows);
  text += report.first_round ? fmt::format("\nEvery task had been observed after {} s.\n",
                                           figure(static_cast<double>(*report.first_round) / 1000))
                             : "\nNot every task was observed.\n";
  text += fmt::format("Series of tasks and jobs: {}; if every task fails: {}.\n",
                      number(report.series), number(report.series_worst));
  if (!report.bound) return text + "No bounds are configured.\n";
  return text + fmt::format("bounds.detection_delay {}: {} (p99 of failures: {} s).\n",
                            format_duration(*report.bound), report.bounds_kept ? "met" : "NOT MET",
                            figure(report.bad.p99));
}

std::string json(const Report& report) {
  JsonObject scenario;
  const auto whole = [](std::uint64_t n) { return std::to_string(n); };
  scenario.add_json("tasks", whole(report.tasks)).add_json("named_tasks", whole(report.named));
  scenario.add_json("jobs", whole(report.jobs)).add_json("accounts", whole(report.accounts));
  scenario.add_json("rollout_per_minute", value(kRolloutPerMinute));
  scenario.add("page_order", std::string(name(report.order)));
  scenario.add_json("rtt_seconds", value(seconds(report.rtt)));
  scenario.add_json("seed", whole(report.seed));
  scenario.add_json("failing_calls_ratio", value(report.faults.failing_calls));
  scenario.add_json("other_calls_per_second", value(report.faults.other_calls));
  scenario.add("shared_quota", report.shared_quota);
  scenario.add_json("statistics_lag_seconds", value(seconds(report.faults.statistics_lag)));
  scenario.add_json("failing_tasks_ratio", value(report.failing_tasks));
  scenario.add_json("jitter_seconds", value(seconds(report.faults.jitter)));
  scenario.add_json("simulated_hours", value(static_cast<double>(report.span) / 3.6e6));
  scenario.add_json("unfinished_tasks", whole(report.ahead));
  scenario.add_json("unseen_ends", whole(report.unseen));
  JsonObject apis;
  for (const auto& [api, use] : report.apis) {
    JsonObject used;
    used.add_json("calls_per_second", value(use.calls_per_second));
    apis.add_json(name(api), used.add_json("quota_used_ratio", value(used_ratio(use))).text());
  }
  std::optional<double> first_round;
  if (report.first_round) first_round = static_cast<double>(*report.first_round) / 1000;
  JsonObject json;
  json.add_json("scenario", scenario.text()).add_json("apis", apis.text());
  json.add_json("delay_seconds", bad_and_all(object(report.bad), object(report.all)));
  json.add_json("lost", bad_and_all(whole(report.unseen_bad), whole(report.unseen)));
  json.add_json("refused_ratio", value(report.refused_ratio));
  json.add_json("round_robin", bad_and_all(object(report.robin_bad), object(report.robin_all)));
  json.add_json("first_round_seconds", value(first_round));
  json.add_json("series", whole(report.series))
      .add_json("series_worst", whole(report.series_worst));
  return json.add("bounds_kept", report.bounds_kept).text() + '\n';
}

}  // namespace taskwatchd::plan
