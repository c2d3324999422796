#include "commands/daemon_ask.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <optional>
#include <utility>
#include <variant>

#include "cloud/base64.h"
#include "commands/flag_rules.h"
#include "core/events/device_text.h"
#include "core/types/exit_code.h"
#include "io/curl/curl_client.h"
#include "io/files/key_files.h"
#include "io/system/complain.h"
#include "server/web_text.h"

namespace taskwatchd {
namespace {

HttpRequest request_of(const DaemonOptions& options, const DaemonRequest& asked,
                       const Secret& password) {
  std::string base = options.url;
  while (base.ends_with('/')) base.pop_back();
  HttpRequest request;
  request.method = asked.method;
  request.url = base + asked.path;
  request.headers = {{"Accept", "application/json"}};
  if (!options.user.empty()) {
    const Secret login(options.user + ":" + password.reveal());
    request.headers.emplace_back("Authorization", "Basic " + to_base64(login.reveal()));
  }
  request.ca_file = options.ca_file;
  return request;
}

Awaitable<DaemonText> query(HttpClient& http, const DaemonOptions& options,
                            const DaemonRequest& asked, const Secret& password,
                            const RenderData& render, std::string remedy) {
  HttpRequest request = request_of(options, asked, password);
  const HttpResult result = co_await http.send(std::move(request));
  if (const auto* failure = std::get_if<TransportFailure>(&result)) {
    co_return DaemonText{.exit_code = kExitUnavailable,
                         .text = "cannot reach the daemon at " + options.url + ": " +
                                 failure->message + "; " + remedy,
                         .is_error = true};
  }
  const HttpReply& reply = std::get<HttpReply>(result);
  co_return daemon_text(reply.status, reply.body, render);
}

Awaitable<int> ask_and_print(HttpClient& http, const DaemonOptions& options, DaemonRequest request,
                             Secret password, RenderData render) {
  const DaemonText result = co_await ask_daemon(http, options, std::move(request),
                                                std::move(password), std::move(render));
  if (result.is_error) {
    complain(result.text);
    co_return result.exit_code;
  }
  const bool printed = std::fputs(result.text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  co_return printed ? result.exit_code : kExitOther;
}

// Returns the first line of the file.
Secret password_in(const Secret& text) {
  return Secret(text.reveal().substr(0, text.reveal().find_first_of("\r\n")));
}

}  // namespace

std::string add_parameter(std::string query, const std::string& name, const std::string& value) {
  if (value.empty()) return query;
  return query + (query.empty() ? "?" : "&") + name + "=" + percent_encoded(value);
}

Awaitable<DaemonText> ask_daemon(HttpClient& http, DaemonOptions options, DaemonRequest request,
                                 Secret password, RenderData render) {
  std::string remedy = "check systemctl status taskwatchd, or set --url";
  DaemonText first = co_await query(http, options, request, password, render, std::move(remedy));
  if (first.holder_url.empty()) co_return first;
  if (const FlagProblem problem = daemon_url_problem(first.holder_url)) {
    first.text += "; this URL is not followed: it " + *problem;
    co_return first;
  }
  DaemonOptions there = options;
  there.url = first.holder_url;
  std::string holder = "replica ";
  if (!first.holder.empty()) holder += escape_controls(first.holder) + " ";
  holder += "at " + there.url;
  remedy = "the daemon at " + options.url + " refers to it; try again";
  DaemonText second = co_await query(http, there, request, password, render, std::move(remedy));
  if (second.is_error) {
    second.text += " (" + holder + ")";
  } else {
    second.text += "\nThe response is from " + holder + "\n";
  }
  co_return second;
}

int run_daemon_command(const DaemonOptions& options, DaemonRequest request, RenderData render) {
  Secret password;
  if (!options.password_file.empty()) {
    const LocalText text = KeyFiles().file(options.password_file, kMaxKeyBytes);
    if (!text.problem.empty()) {
      complain("--password-file " + options.password_file + " " + text.problem);
      return kExitConfig;
    }
    password = password_in(text.text);
  }
  boost::asio::io_context context;
  CurlClient http(context.get_executor());
  std::optional<int> code;
  boost::asio::signal_set signals(context, SIGINT);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (error) return;
    code = kExitInterrupted;
    context.stop();
  });
  boost::asio::co_spawn(
      context,
      ask_and_print(http, options, std::move(request), std::move(password), std::move(render)),
      [&](const std::exception_ptr& error, int ended) {
        rethrow(error);
        code = ended;
        context.stop();
      });
  context.run();
  return code.value_or(kExitOther);
}

}  // namespace taskwatchd
