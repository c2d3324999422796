#include "commands/state_check.h"

#include <cstdio>
#include <map>
#include <optional>
#include <string>

#include "app/state.h"
#include "core/types/exit_code.h"
#include "io/postgres/postgres_inspection.h"
#include "io/sqlite/sqlite_successes.h"
#include "io/system/complain.h"

namespace taskwatchd {

int check_state(const Config& config) {
  const auto result = postgres::inspect({.url = config.state_url,
                                         .password_file = config.state_password_file,
                                         .schema = config.state_schema});
  if (const auto* const error = std::get_if<OpenError>(&result)) {
    complain(error->message);
    return exit_code(error->kind);
  }
  const auto& found = std::get<postgres::Inspection>(result);
  const std::string version = found.schema_version == 0
                                  ? "does not exist yet: `run` creates it"
                                  : "has version " + std::to_string(found.schema_version);
  std::printf("state database: PostgreSQL %s responds, role %s, %s; schema %s %s\n",
              found.server_version.c_str(), found.role.c_str(),
              found.encrypted ? "encrypted" : "not encrypted", config.state_schema.c_str(),
              version.c_str());
  if (!found.has_synchronous_standby) {
    complain(
        "warning: state database: commits are not replicated synchronously: a failover of the "
        "database can lose the last ones; set synchronous_standby_names on the server, if it has "
        "a standby");
  }
  return std::fflush(stdout) == 0 ? kExitOk : kExitOther;
}

namespace {

std::optional<std::map<std::string, Wall>> successes_of(const Config& config) {
  if (config.state_url.empty()) return sqlite::sink_successes(config.state_path);
  auto result = postgres::inspect({.url = config.state_url,
                                   .password_file = config.state_password_file,
                                   .schema = config.state_schema});
  auto* const found = std::get_if<postgres::Inspection>(&result);
  if (found == nullptr) return std::nullopt;
  return std::move(found->sink_successes);
}

}  // namespace

void check_sinks(const Config& config) {
  if (config.sinks.empty()) return;
  const auto successes = successes_of(config);
  if (!successes) {
    complain("warning: the state cannot be read, so it is not known which sinks have delivered");
    return;
  }
  for (const SinkConfig& sink : config.sinks) {
    const auto at = successes->find(sink.name);
    if (at != successes->end()) {
      std::printf("sink %s: last success %s\n", sink.name.c_str(), rfc3339(at->second).c_str());
    } else {
      complain("warning: sink " + sink.name +
               " has never delivered anything: run `taskwatchd "
               "notify test " +
               sink.name + "`");
    }
  }
  std::fflush(stdout);
}

}  // namespace taskwatchd
