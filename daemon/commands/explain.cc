#include "commands/explain.h"

#include "commands/explain_text.h"
#include "server/web_text.h"

namespace taskwatchd {

DaemonRequest explain_request(const ExplainOptions& options) {
  return {"GET", "/api/v1/tasks/" + percent_encoded(options.task_id) +
                     add_parameter("", "account", options.account)};
}

int explain(const ExplainOptions& options) {
  return run_daemon_command(options.daemon, explain_request(options), &explain_text);
}

}  // namespace taskwatchd
