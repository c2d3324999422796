// `taskwatchd state`: prepares a PostgreSQL schema, copies a state to another database, and makes a
// restored backup safe to use. Not for a state that a daemon uses at the same time: it is refused.
#pragma once

#include <string>

namespace taskwatchd {

struct StateOptions {
  std::string action;         // schema, copy or restored
  std::string config_file;    // empty: the default one
  std::string state;          // path or URL; empty: that of the configuration
  std::string from, to;       // path or URL
  std::string schema;         // of PostgreSQL; empty: that of the configuration, or the default
  std::string password_file;  // of PostgreSQL; empty: PGPASSFILE
};

// Exit codes: 0; 69 the server does not respond; 74 the file is not a usable state database; 75 it
// is in use, or its disk is full; 78 invalid flag or configuration, or the state is refused; 1 any
// other error.
int state_command(const StateOptions& options);

}  // namespace taskwatchd
