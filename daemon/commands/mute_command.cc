#include "commands/mute_command.h"

#include "commands/notify_text.h"
#include "server/web_text.h"

namespace taskwatchd {

int mute_command(const MuteOptions& options) {
  if (options.command == "mutes") {
    return run_daemon_command(options.daemon, {"GET", "/api/v1/mutes"}, &mutes_text);
  }
  if (options.command == "unmute") {
    const std::string path = "/api/v1/mutes/" + percent_encoded(options.id);
    return run_daemon_command(options.daemon, {"DELETE", path}, &unmute_text);
  }
  std::string query = add_parameter("", "sink", options.sink);
  query = add_parameter(query, "account", options.account);
  query = add_parameter(query, "job", options.job);
  query = add_parameter(query, "for", options.span);
  query = add_parameter(query, "comment", options.comment);
  return run_daemon_command(options.daemon, {"POST", "/api/v1/mutes" + query}, &mute_text);
}

}  // namespace taskwatchd
