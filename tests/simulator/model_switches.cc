#include "simulator/model_switches.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <variant>

#include "simulator/model_text.h"
#include "simulator/model_window.h"

namespace iotsim {
namespace {

using Place = std::variant<double Switches::*, std::int64_t Switches::*, bool Switches::*,
                           std::string Switches::*>;
struct Row {
  std::string_view name;
  Place place;
  double low = 0, high = 0;       // of numbers
  std::string_view choices = {};  // of texts: a|b|c; empty: any text
};

constexpr std::string_view kResultFormatChoices =
    "scenario|json|json_lines|csv|csv_bom|csv_gbk|xlsx|csv_gzip|csv_zip|unknown";
constexpr double kDayMs = 86'400'000;
constexpr double kCenturyMs = 36'525 * kDayMs;

const std::vector<Row>& rows() {
  static const std::vector<Row> table = {
      {"drop", &Switches::drop, 0, 1},
      {"html", &Switches::html, 0, 1},
      {"empty", &Switches::empty, 0, 1},
      {"server_error", &Switches::server_error, 0, 1},
      {"throttled", &Switches::throttled, 0, 1},
      {"system_exception", &Switches::system_exception, 0, 1},
      {"wrong_task", &Switches::wrong_task, 0, 1},
      {"broken_json", &Switches::broken_json, 0, 1},
      {"cut", &Switches::cut, 0, 1},
      {"drip", &Switches::drip, 0, 1},
      {"slow", &Switches::slow, 0, 1},
      {"stale", &Switches::stale, 0, 1},
      {"server_error_status", &Switches::server_error_status, 400, 599},
      {"slow_ms", &Switches::slow_ms, 0, kDayMs},
      {"stale_ms", &Switches::stale_ms, 0, kDayMs},
      {"latency_ms", &Switches::latency_ms, 0, kDayMs},
      {"clock_offset_ms", &Switches::clock_offset_ms, -kCenturyMs, kCenturyMs},
      {"retry_after_ms", &Switches::retry_after_ms, -1, kDayMs},
      {"in_band_status", &Switches::in_band_status, 200, 599},
      {"competitor", &Switches::competitor, 0, 10'000},
      {"common_quota", &Switches::common_quota, 0, 10'000},
      {"token_ms", &Switches::token_ms, 0, kDayMs},
      {"refused_tokens", &Switches::refused_tokens, 0, 1},
      {"single_use_tokens", &Switches::single_use_tokens},
      {"endless_list", &Switches::endless_list, 0, 0, "off|same|fresh"},
      {"endless_job", &Switches::endless_job},
      {"statistics_lag_ms", &Switches::statistics_lag_ms, 0, kDayMs},
      {"list_skips", &Switches::list_skips, 0, 1},
      {"unknown_status", &Switches::unknown_status, 0, 1},
      {"unknown_word", &Switches::unknown_word},
      {"window", &Switches::window, 0, 0, kWindowKinds},
      {"cut_kind", &Switches::cut_kind, 0, 0, "length|bare"},
      {"progress", &Switches::progress, 0, 0, "string|number"},
      {"page_order", &Switches::page_order, 0, 0, "id|newest|oldest|mixed|per_list"},
      {"token_kind", &Switches::token_kind, 0, 0, "key|offset"},
      {"statistics_case", &Switches::statistics_case, 0, 0, "documented|lower"},
      {"hostile", &Switches::hostile, 0, 0, kHostileKinds},
      {"result_file", &Switches::result_file, 0, 0, "good|redirect|huge|slow|cut|html"},
      {"result_format", &Switches::result_format, 0, 0, kResultFormatChoices},
      {"link_ms", &Switches::link_ms, 0, kDayMs},
      {"link_once", &Switches::link_once},
      {"forbidden", &Switches::forbidden, 0, 0, "off|gateway|in_band"},
      {"denied", &Switches::denied},
      {"denied_form", &Switches::denied_form, 0, 0, "gateway|in_band"},
      {"only_account", &Switches::only_account},
      {"only_api", &Switches::only_api},
      {"inactive_key", &Switches::inactive_key},
      {"session_fault", &Switches::session_fault, 0, 0,
       "off|down|slow|html|huge|redirect|drop|drip"},
      {"session_service", &Switches::session_service, 0, 0, "all|sts|metadata|uri"},
      {"metadata_version", &Switches::metadata_version, 0, 0, "any|v1|v2"},
      {"session_seconds", &Switches::session_seconds, 0, 1'000'000},
      {"get_only", &Switches::get_only},
      {"success_text", &Switches::success_text},
      {"xml_errors", &Switches::xml_errors},
      {"overdue", &Switches::overdue},
      {"signature_check", &Switches::signature_check},
      {"progress_bumps_modified", &Switches::progress_bumps_modified},
  };
  return table;
}

template <typename Number>
std::optional<std::string> set_number(Number& place, const Row& row, std::string_view value) {
  Number parsed{};
  const char* const end = value.data() + value.size();
  const auto [rest, error] = std::from_chars(value.data(), end, parsed);
  if (error != std::errc() || rest != end || !std::isfinite(static_cast<double>(parsed)) ||
      static_cast<double>(parsed) < row.low || static_cast<double>(parsed) > row.high) {
    char range[96];
    std::snprintf(range, sizeof range, " must be a number from %.15g to %.15g", row.low, row.high);
    return std::string(row.name) + range;
  }
  place = parsed;
  return std::nullopt;
}

bool is_word_of(std::string_view words, char separator, std::string_view value) {
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(separator));
    words.remove_prefix(std::min(words.size(), word.size() + 1));
    if (word == value) return true;
  }
  return false;
}

std::optional<std::string> set_row(Switches& switches, const Row& row, std::string_view value) {
  if (const auto* const p = std::get_if<double Switches::*>(&row.place)) {
    return set_number(switches.*(*p), row, value);
  }
  if (const auto* const p = std::get_if<std::int64_t Switches::*>(&row.place)) {
    return set_number(switches.*(*p), row, value);
  }
  if (const auto* const p = std::get_if<bool Switches::*>(&row.place)) {
    if (value != "true" && value != "false")
      return std::string(row.name) + " must be true or false";
    switches.*(*p) = value == "true";
    return std::nullopt;
  }
  if (!row.choices.empty() && !is_word_of(row.choices, '|', value)) {
    return std::string(row.name) + " must be one of " + std::string(row.choices);
  }
  switches.*std::get<std::string Switches::*>(row.place) = value;
  return std::nullopt;
}

std::string show(const Switches& switches, const Row& row) {
  if (const auto* const p = std::get_if<double Switches::*>(&row.place)) {
    char text[40];
    std::snprintf(text, sizeof text, "%.6g", switches.*(*p));
    return text;
  }
  if (const auto* const p = std::get_if<std::int64_t Switches::*>(&row.place)) {
    return std::to_string(switches.*(*p));
  }
  if (const auto* const p = std::get_if<bool Switches::*>(&row.place)) {
    return switches.*(*p) ? "true" : "false";
  }
  return switches.*std::get<std::string Switches::*>(row.place);
}

}  // namespace

bool is_named(std::string_view list, std::string_view name) {
  return is_word_of(list, ',', name);
}

std::optional<std::string> set_switch(Switches& switches, std::string_view name,
                                      std::string_view value) {
  for (const Row& row : rows()) {
    if (row.name == name) return set_row(switches, row, value);
  }
  return "no such switch: " + std::string(name);
}

std::vector<std::pair<std::string, std::string>> list_switches(const Switches& switches) {
  std::vector<std::pair<std::string, std::string>> list;
  for (const Row& row : rows()) list.emplace_back(row.name, show(switches, row));
  return list;
}

}  // namespace iotsim
