#include "commands/explain_ask.h"

#include <string>
#include <utility>
#include <variant>

#include "cloud/base64.h"
#include "commands/flag_rules.h"
#include "core/events/device_text.h"
#include "core/types/exit_code.h"
#include "server/web_text.h"

namespace taskwatchd {
namespace {

HttpRequest request_of(const ExplainOptions& options, const Secret& password) {
  std::string base = options.url;
  while (base.ends_with('/')) base.pop_back();
  HttpRequest request;
  request.method = "GET";
  request.url = base + "/api/v1/tasks/" + percent_encoded(options.task_id);
  if (!options.account.empty()) request.url += "?account=" + percent_encoded(options.account);
  request.headers = {{"Accept", "application/json"}};
  if (!options.user.empty()) {
    const Secret login(options.user + ":" + password.reveal());
    request.headers.emplace_back("Authorization", "Basic " + to_base64(login.reveal()));
  }
  request.ca_file = options.ca_file;
  return request;
}

Awaitable<ExplainText> query(HttpClient& http, const ExplainOptions& options, Secret password,
                             std::string remedy) {
  HttpRequest request = request_of(options, password);
  const HttpResult result = co_await http.send(std::move(request));
  if (const auto* failure = std::get_if<TransportFailure>(&result)) {
    co_return ExplainText{kExitUnavailable, "cannot reach the daemon at " + options.url + ": " +
                                                failure->message + "; " + remedy};
  }
  const HttpReply& reply = std::get<HttpReply>(result);
  co_return explain_text(reply.status, reply.body);
}

}  // namespace

Awaitable<ExplainText> explain_task(HttpClient& http, const ExplainOptions& options,
                                    Secret password) {
  std::string remedy = "check systemctl status taskwatchd, or set --url";
  ExplainText first = co_await query(http, options, password, std::move(remedy));
  if (first.holder_url.empty()) co_return first;
  if (const FlagProblem problem = daemon_url_problem(first.holder_url)) {
    first.text += "; explain does not follow this URL: it " + *problem;
    co_return first;
  }
  ExplainOptions there = options;
  there.url = first.holder_url;
  std::string holder = "replica ";
  if (!first.holder.empty()) holder += escape_controls(first.holder) + " ";
  holder += "at " + there.url;
  remedy = "the daemon at " + options.url + " refers to it; try again";
  ExplainText second = co_await query(http, there, password, std::move(remedy));
  if (second.exit_code != kExitOk) {
    second.text += " (" + holder + ")";
  } else {
    second.text += "\nThe response is from " + holder + "\n";
  }
  co_return second;
}

}  // namespace taskwatchd
