// Requests of commands to a running daemon: explain, notify, mute, unmute, mutes. Event-loop thread
// only, except run_daemon_command, which runs an event loop.
#pragma once

#include <string>

#include "commands/daemon_text.h"
#include "core/types/secret.h"
#include "ports.h"

namespace taskwatchd {

struct DaemonOptions {
  std::string url = "http://127.0.0.1:10120";  // a path is the daemon's route prefix
  std::string user;                            // empty: the daemon requires no authentication
  std::string password_file;                   // of the user
  std::string ca_file;  // CA of the daemon's certificate; empty: the system's CAs
};

struct DaemonRequest {
  std::string method;  // GET, POST or DELETE
  std::string path;    // below the route prefix, with its query: "/api/v1/status"
};

// "name=value", percent-encoded; empty if the value is. `query` is what was added before.
std::string add_parameter(std::string query, const std::string& name, const std::string& value);

// A reference to another replica (HTTP 421) is followed once, to an https URL, or to http on a
// loopback address, as for --url: the request may contain a password. The text then says which
// replica responded.
Awaitable<DaemonText> ask_daemon(HttpClient& http, DaemonOptions options, DaemonRequest request,
                                 Secret password, RenderData render);

// Sends the request and prints the result. Returns the exit code: that of the text; 78 if the
// password file cannot be read; 130 after SIGINT.
int run_daemon_command(const DaemonOptions& options, DaemonRequest request, RenderData render);

}  // namespace taskwatchd
