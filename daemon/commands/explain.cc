#include "commands/explain.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <optional>
#include <utility>

#include "commands/ask.h"
#include "commands/explain_ask.h"
#include "core/types/exit_code.h"
#include "io/curl/curl_client.h"
#include "io/files/key_files.h"
#include "io/system/complain.h"
#include "ports.h"

namespace taskwatchd {
namespace {

// Returns the first line of the file.
Secret password_in(const Secret& text) {
  return Secret(text.reveal().substr(0, text.reveal().find_first_of("\r\n")));
}

Awaitable<int> ask(HttpClient& http, const ExplainOptions& options, Secret password) {
  const ExplainText said = co_await explain_task(http, options, std::move(password));
  if (said.exit_code != kExitOk) {
    complain(said.text);
    co_return said.exit_code;
  }
  const bool printed = std::fputs(said.text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  co_return printed ? kExitOk : kExitOther;
}

}  // namespace

int explain(const ExplainOptions& options) {
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
  boost::asio::co_spawn(context, ask(http, options, password),
                        [&](const std::exception_ptr& error, int ended) {
                          rethrow(error);
                          code = ended;
                          context.stop();
                        });
  context.run();
  return code.value_or(kExitOther);
}

}  // namespace taskwatchd
