#include "commands/state_flags.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "commands/add_flag.h"
#include "config/state_url.h"

namespace taskwatchd {
namespace {

FlagProblem schema_problem(const std::string& value) {
  if (is_schema_name(value)) return std::nullopt;
  return "must be 1 to 63 of a-z, 0-9 and _, not begin with a digit or pg_";
}

bool is_url(const std::string& state) {
  return state.find("://") != state.npos;
}

// The flags besides --schema that each action uses.
std::vector<std::string> flags_of(const std::string& action) {
  if (action == "schema") return {"--config.file"};
  if (action == "copy") return {"--from", "--to", "--password-file"};
  return {"--config.file", "--state", "--password-file"};
}

}  // namespace

void add_state(CLI::App& app, StateOptions& options) {
  CLI::App& state = *app.add_subcommand(
      "state",
      "Prepare, copy or repair a state database that no daemon uses. schema: print the SQL "
      "statements that create a PostgreSQL schema. copy: copy a state between a SQLite file and "
      "PostgreSQL, in either direction. restored: run it after the restore of a backup, so that "
      "no event id is used twice");
  state.add_option("ACTION", options.action, "What to do.")
      ->option_text("{schema,copy,restored}")
      ->check(CLI::IsMember({"schema", "copy", "restored"}));
  text_flag(state, "--config.file", options.config_file, "FILE",
            "Configuration file whose state database is used. Default: "
            "/etc/taskwatchd/taskwatchd.yaml.");
  text_flag(state, "--state", options.state, "STATE",
            "restored: path of a SQLite file, or postgresql:// URL, instead of that of the "
            "configuration.");
  text_flag(state, "--from", options.from, "STATE",
            "copy: path of a SQLite file, or postgresql:// URL, to copy from.");
  text_flag(state, "--to", options.to, "STATE",
            "copy: path of a SQLite file, or postgresql:// URL, to copy to; it must be empty.");
  check_by(text_flag(state, "--schema", options.schema, "NAME",
                     "PostgreSQL schema. Default: that of the configuration, else taskwatchd."),
           &schema_problem);
  text_flag(state, "--password-file", options.password_file, "FILE",
            "File that contains the password of the PostgreSQL role. Default: PGPASSFILE.");
}

std::optional<std::string> state_flags_problem(const StateOptions& options) {
  if (options.action.empty()) return "no action; add schema, copy or restored";
  const std::pair<const char*, const std::string&> given[] = {
      {"--config.file", options.config_file},
      {"--state", options.state},
      {"--from", options.from},
      {"--to", options.to},
      {"--password-file", options.password_file}};
  const std::vector<std::string> used = flags_of(options.action);
  for (const auto& [flag, value] : given) {
    if (value.empty() || std::find(used.begin(), used.end(), flag) != used.end()) continue;
    return "`state " + options.action + "` does not use " + flag + "; remove it";
  }
  if (options.action == "copy" && (options.from.empty() || options.to.empty())) {
    return "`state copy` needs --from and --to; set both";
  }
  if (!options.from.empty() && options.from == options.to) {
    return "--from and --to are the same state; set two";
  }
  if (!options.state.empty() && !options.config_file.empty()) {
    return "--state and --config.file are both set; keep one";
  }
  if (options.action == "restored" && options.state.empty() &&
      (!options.schema.empty() || !options.password_file.empty())) {
    return "--schema and --password-file are used with --state; the configuration has its own";
  }
  for (const auto& [flag, value] : given) {
    const std::string name = flag;
    if ((name != "--state" && name != "--from" && name != "--to") || !is_url(value)) continue;
    const auto url = parse_state_url(value);
    if (const auto* const problem = std::get_if<std::string>(&url)) return name + " " + *problem;
  }
  return std::nullopt;
}

}  // namespace taskwatchd
