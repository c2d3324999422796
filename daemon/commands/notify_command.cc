#include "commands/notify_command.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <variant>
#include <vector>

#include "app/state.h"
#include "commands/notify_text.h"
#include "core/types/exit_code.h"
#include "io/curl/curl_client.h"
#include "io/files/config_file.h"
#include "io/files/key_files.h"
#include "io/system/complain.h"
#include "io/system/system_clock.h"
#include "io/system/time_zone.h"
#include "pipeline/sink_test.h"
#include "server/notify_answers.h"
#include "server/web_text.h"
#include "version.h"

namespace taskwatchd {
namespace {

const SinkConfig* find_sink(const Config& config, const NotifyOptions& options) {
  std::string names;
  for (const SinkConfig& sink : config.sinks) {
    if (sink.name == options.sink) return &sink;
    names += (names.empty() ? "; the sinks are " : ", ") + sink.name;
  }
  if (names.empty()) names = "; `notify` lists none";
  complain(options.config_file + " has no sink " + options.sink + names);
  return nullptr;
}

// Prints it as if a daemon had sent it.
int print(const std::vector<SinkTestMessage>& messages) {
  simdjson::dom::parser parser;
  const DaemonText text = test_text(parser.parse(test_json(messages)).value());
  const bool printed = std::fputs(text.text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return printed ? text.exit_code : kExitOther;
}

int test_without_daemon(const NotifyOptions& options) {
  const auto loaded = load_config(options.config_file);
  if (const auto* const errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
    for (const ConfigError& error : *errors) std::fprintf(stderr, "%s\n", to_string(error).c_str());
    return kExitConfig;
  }
  const Config& config = std::get<LoadedConfig>(loaded).config;
  const SinkConfig* const sink = find_sink(config, options);
  if (sink == nullptr) return kExitConfig;

  boost::asio::io_context context;
  SystemClock clock(context.get_executor());
  CurlClient http(context.get_executor());
  KeyFiles files;
  TimeZones zones;
  const std::string replica = replica_of(config).name;
  NotifyContext about;
  about.source = {{"", replica}, {replica, TASKWATCHD_VERSION}};
  about.utc_offset = [&](const std::string& zone, Wall at) { return zones.offset(zone, at); };
  std::vector<SinkTestMessage> messages;
  boost::asio::co_spawn(context, test_sink(http, clock, files, *sink, about, options.mention),
                        [&](const std::exception_ptr& error, std::vector<SinkTestMessage> sent) {
                          rethrow(error);
                          messages = std::move(sent);
                          context.stop();
                        });
  context.run();
  return print(messages);
}

}  // namespace

int notify_command(const NotifyOptions& options) {
  if (options.action == "list") {
    return run_daemon_command(options.daemon, {"GET", "/api/v1/status"}, &sinks_text);
  }
  const std::string path = "/api/v1/notify/" + percent_encoded(options.sink);
  if (options.action == "replay") {
    const std::string query = add_parameter("", "since", options.since);
    return run_daemon_command(options.daemon, {"POST", path + "/replay" + query}, &replay_text);
  }
  if (!options.config_file.empty()) return test_without_daemon(options);
  const std::string query = add_parameter("", "mention", options.mention ? "true" : "");
  return run_daemon_command(options.daemon, {"POST", path + "/test" + query}, &test_text);
}

}  // namespace taskwatchd
