// Entry point: reads the top level of the file. accounts.cc, instance.cc, credentials.cc, state.cc
// and notify.cc read the parts below; section.cc checks types; yaml_node.cc builds the tree.
#include "config/parse.h"

#include "config/accounts.h"
#include "config/notify_read.h"
#include "config/section.h"
#include "config/state.h"
#include "config/yaml_node.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kMaxSeries = 10'000'000;

void read_metrics(Section& root, Config& config) {
  auto section = root.section("`metrics`", "metrics");
  if (!section) return;
  // In the order of TaskSeries.
  const auto series = section->choice("task_series", {"none", "explicit", "bad", "active", "all"});
  if (series) config.task_series = static_cast<TaskSeries>(*series);
  config.task_series_limit =
      section->count("task_series_limit", kMaxSeries).value_or(config.task_series_limit);
  config.job_series_limit =
      section->count("job_series_limit", kMaxSeries).value_or(config.job_series_limit);
  config.keep_finished = section->duration("keep_finished").value_or(config.keep_finished);
  section->finish();
}

void read_bounds(Section& root, Config& config) {
  auto section = root.section("`bounds`", "bounds");
  if (!section) return;
  config.detection_delay_bound = section->span("detection_delay", "no bound");
  section->finish();
}

}  // namespace

ConfigResult parse_config(std::string_view yaml, const ParseContext& context) {
  Problems problems(context.file);
  Config config;
  const auto root = read_yaml(yaml, problems);
  const bool empty = !root || root->kind == YamlNode::Kind::kNull;
  if (empty && problems.empty()) {
    problems.add({1, 1}, "the file is empty; add `accounts` (see config/minimal.yaml)");
  } else if (!empty && root->kind == YamlNode::Kind::kMap) {
    Section section("the file", *root, problems);
    config.accounts = read_accounts(section, context);
    const bool has_state_url = read_state(section, context, config);
    read_replica(section, has_state_url, config);
    read_metrics(section, config);
    read_bounds(section, config);
    config.sinks = read_notify(section, context, config);
    section.finish();
  } else if (!empty && root->kind != YamlNode::Kind::kRefused) {
    problems.add(root->place, "the file must begin with `accounts:` and contain KEY: VALUE lines");
  }
  if (!problems.empty()) return problems.take();
  return config;
}

}  // namespace taskwatchd
