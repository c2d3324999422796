#include "commands/state_command.h"

#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "app/state.h"
#include "commands/state_copy.h"
#include "config/config.h"
#include "core/types/exit_code.h"
#include "io/files/config_file.h"
#include "io/postgres/postgres_rows.h"
#include "io/postgres/postgres_schema.h"
#include "io/sqlite/sqlite_rows.h"
#include "io/system/complain.h"

namespace taskwatchd {
namespace {

constexpr char kDefaultFile[] = "/etc/taskwatchd/taskwatchd.yaml";
constexpr std::int64_t kSkippedIds = 1'000'000;  // more events than a backup can be behind
constexpr std::int64_t kProgressRows = 100'000;

// Prints the errors.
std::optional<Config> configuration(const StateOptions& options) {
  auto read =
      read_config_for_state(options.config_file.empty() ? kDefaultFile : options.config_file);
  if (auto* const config = std::get_if<Config>(&read)) return std::move(*config);
  for (const ConfigError& error : std::get<std::vector<ConfigError>>(read)) {
    std::fprintf(stderr, "%s\n", to_string(error).c_str());
  }
  return std::nullopt;
}

// A state that is open, under the name that messages use.
struct OpenState {
  std::string name;
  bool is_postgres = false;
  std::unique_ptr<StateRows> rows;
};

OpenState open_file(const std::string& path, bool create) {
  return {"state database " + path, false, sqlite::open_rows(path, create)};
}

OpenState open_server(const postgres::Target& target, bool create) {
  const std::string name = postgres::describe(target);
  const auto on_wait = [&name] {
    complain(name + ": waiting 12 s to see whether a replica uses it");
  };
  return {name, true, postgres::open_rows(target, {.create = create, .on_wait = on_wait})};
}

OpenState open_state(const std::string& state, const StateOptions& options, bool create) {
  if (state.find("://") == state.npos) return open_file(state, create);
  return open_server({.url = state,
                      .password_file = options.password_file,
                      .schema = options.schema.empty() ? Config().state_schema : options.schema},
                     create);
}

int print_schema(const StateOptions& options) {
  std::string schema = options.schema;
  const bool has_file = !options.config_file.empty() || ::access(kDefaultFile, F_OK) == 0;
  if (schema.empty() && has_file) {
    const auto config = configuration(options);
    if (!config) return kExitConfig;
    schema = config->state_schema;
  }
  if (schema.empty()) schema = Config().state_schema;
  const std::string sql = postgres::schema_sql(schema) +
                          "-- If another role runs taskwatchd:\n"
                          "-- GRANT USAGE ON SCHEMA \"" +
                          schema +
                          "\" TO ROLE;\n"
                          "-- GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \"" +
                          schema + "\" TO ROLE;\n";
  const bool printed = std::fputs(sql.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return printed ? kExitOk : kExitOther;
}

void print_progress(const char* action, const StateTable& table, std::int64_t rows, bool last) {
  if (!last && rows % kProgressRows != 0) return;
  std::fprintf(stderr, "%s %.*s: %lld rows%s\n", action, static_cast<int>(table.name.size()),
               table.name.data(), static_cast<long long>(rows), last ? "" : " so far");
}

int copy(const StateOptions& options) {
  const OpenState from = open_state(options.from, options, false);
  const OpenState to = open_state(options.to, options, true);
  if (const auto error = copy_state({*from.rows, from.name, from.is_postgres},
                                    {*to.rows, to.name, to.is_postgres}, &print_progress)) {
    throw StateFault(*error);
  }
  std::printf("%s was copied to %s; every row was compared\n", from.name.c_str(), to.name.c_str());
  return std::fflush(stdout) == 0 ? kExitOk : kExitOther;
}

int restored(const StateOptions& options) {
  OpenState state;
  if (!options.state.empty()) {
    state = open_state(options.state, options, false);
  } else {
    const auto config = configuration(options);
    if (!config) return kExitConfig;
    state = config->state_url.empty() ? open_file(config->state_path, false)
                                      : open_server({.url = config->state_url,
                                                     .password_file = config->state_password_file,
                                                     .schema = config->state_schema},
                                                    false);
  }
  const std::int64_t last = state.rows->last_event_id();
  state.rows->set_last_event_id(last + kSkippedIds);
  state.rows->commit();
  std::printf("%s: the next event gets the id %lld instead of %lld, so that no id is used twice\n",
              state.name.c_str(), static_cast<long long>(last + kSkippedIds + 1),
              static_cast<long long>(last + 1));
  return std::fflush(stdout) == 0 ? kExitOk : kExitOther;
}

}  // namespace

int state_command(const StateOptions& options) {
  try {
    if (options.action == "schema") return print_schema(options);
    return options.action == "copy" ? copy(options) : restored(options);
  } catch (const StateFault& fault) {
    complain(fault.error().message);
    return exit_code(fault.error().kind);
  }
}

}  // namespace taskwatchd
