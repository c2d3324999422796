#include "commands/state_check.h"

#include <cstdio>
#include <string>

#include "app/state.h"
#include "core/types/exit_code.h"
#include "io/postgres/postgres_inspection.h"
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

}  // namespace taskwatchd
