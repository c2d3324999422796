#include "commands/flags.h"

#include <algorithm>
#include <array>
#include <utility>

#include "commands/add_flag.h"
#include "commands/flag_rules.h"
#include "commands/notify_flags.h"
#include "commands/state_flags.h"
#include "config/duration.h"
#include "config/parse.h"
#include "config/problems.h"
#include "config/spelling.h"
#include "core/types/exit_code.h"
#include "version.h"

namespace taskwatchd {
namespace {

constexpr char kDefaultFile[] = "/etc/taskwatchd/taskwatchd.yaml";

struct Parsed {
  RunOptions run;
  CheckOptions check;
  AskOptions query;
  WaitOptions wait;
  std::string log_level = "info";
  std::string log_format;
  std::string max_requests = "40";
  std::string timeout;
  ExplainOptions explain;
  StateOptions state;
  NotifyOptions notify;
  MuteOptions mute;
  PlanOptions plan;
  std::string plan_format = "text";
  std::string plan_order;
  std::string plan_rtt = "60ms";
  std::string plan_failing_calls = "0%", plan_failing_tasks = "4%", plan_other_calls = "0";
  std::string plan_statistics_lag = "0s", plan_jitter = "0s";
};

FlagsEnd refuse(const std::string& message, const std::string& command) {
  const std::string help =
      command.empty() ? "taskwatchd --help" : "taskwatchd " + command + " --help";
  return {kExitConfig, "taskwatchd: " + all_shown(message) + " (see " + help + ")\n"};
}

void add_list(CLI::App& app, const std::string& name, std::vector<std::string>& values,
              const std::string& type, const std::string& help,
              FlagProblem (*problem)(const std::string&)) {
  CLI::Option* option = app.add_option(name, values, help + " Repeatable.");
  // Otherwise a flag without = would take all following arguments as its values.
  check_by(option->type_name(type)->allow_extra_args(false), problem);
  if (!values.empty()) option->capture_default_str();
}

void add_run(CLI::App& app, Parsed& parsed) {
  CLI::App& run = *app.add_subcommand("run", "Run the daemon (the default command)");
  RunOptions& options = parsed.run;
  text_flag(run, "--config.file", options.config_file, "FILE", "Configuration file.");
  add_list(run, "--web.listen-address", options.listen_addresses, "HOST:PORT",
           "Where to serve /metrics; port 0 picks a free one.", &listen_address_problem);
  text_flag(run, "--web.config.file", options.web_config_file, "FILE",
            "File with TLS, client certificates, users and headers, in the exporter-toolkit "
            "format; watched for changes. Default: none.");
  run.add_flag("--web.systemd-socket", options.systemd_socket,
               "Serve on the sockets that systemd passes, instead of --web.listen-address.");
  check_by(text_flag(run, "--web.telemetry-path", options.telemetry_path, "PATH",
                     "Path of the metrics."),
           &telemetry_path_problem);
  check_by(text_flag(run, "--web.external-url", options.external_url, "URL",
                     "The URL under which users reach taskwatchd, behind a proxy."),
           &external_url_problem);
  check_by(text_flag(run, "--web.route-prefix", options.route_prefix, "PATH",
                     "Prefix of all paths. Default: the path of --web.external-url."),
           &route_prefix_problem);
  add_list(run, "--web.allowed-host", options.allowed_hosts, "HOST",
           "Additional Host header that the status page and the API accept.",
           &allowed_host_problem);
  run.add_flag("--web.enable-lifecycle", options.enable_lifecycle,
               "Allow a reload by POST or PUT /-/reload, and tests, replays and mutes of sinks.");
  check_by(
      text_flag(run, "--web.max-requests", parsed.max_requests, "N",
                "Maximum concurrent requests, counted separately for pages (/metrics, status page) "
                "and the API; more get 503. 0: unlimited. Health checks are not limited."),
      &max_requests_problem);
  text_flag(run, "--log.level", parsed.log_level, "LEVEL", "Minimum level to log.")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  text_flag(run, "--log.format", parsed.log_format, "FORMAT",
            "Format of log messages. Default: journald if stderr is the journal, else logfmt.")
      ->check(CLI::IsMember({"logfmt", "json", "journald"}));
}

void add_check(CLI::App& app, Parsed& parsed) {
  CLI::App& check = *app.add_subcommand("check", "Validate the configuration and print a summary");
  text_flag(check, "--config.file", parsed.check.config_file, "FILE", "Configuration file.");
  text_flag(check, "--web.config.file", parsed.check.web_config_file, "FILE",
            "Also validate this file, and the certificates and keys that it lists.");
  check.add_flag("--online", parsed.check.online,
                 "Also make one API call per account, instance and API that the configuration "
                 "uses, and report what is wrong: AccessKey, RAM action, region or instance id. "
                 "Exit 69 if a call fails.");
}

void add_places(CLI::App& command, AskOptions& options) {
  text_flag(
      command, "--config.file", options.config_file, "FILE",
      std::string(
          "Configuration file with credentials, quota and endpoints. Default without --region: ") +
          kDefaultFile);
  text_flag(command, "--region", options.region, "REGION",
            "Query this region without a configuration file. Credentials come from the default "
            "credential provider chain (environment, OIDC, CLI profile, INI file, ECS role, URI).");
  text_flag(command, "--account", options.account, "NAME",
            "Account to query if the configuration does not list the task.");
  text_flag(command, "--instance", options.instance, "ID",
            "Instance to query: its IotInstanceId, or its name in the configuration.");
  command.add_option("TASK_ID", options.task_ids, "Task ids.")->type_name("");
}

void add_asking(CLI::App& app, Parsed& parsed) {
  add_places(*app.add_subcommand("query",
                                 "Query each task once and print one JSON object per line. Uses "
                                 "only the part of the quota that quota_share leaves"),
             parsed.query);
  CLI::App& wait = *app.add_subcommand(
      "wait",
      "Wait until all tasks are finished. Exit 0: all SUCCEEDED, 2: some did not, 124: "
      "--timeout passed");
  add_places(wait, parsed.wait.what);
  check_by(text_flag(wait, "--timeout", parsed.timeout, "DURATION",
                     "Stop waiting after this duration, such as 30s, 10m, 1h30m. Default: never."),
           &timeout_problem);
}

void add_explain(CLI::App& app, Parsed& parsed) {
  CLI::App& explain = *app.add_subcommand(
      "explain",
      "Show what a running daemon knows about a task: status, history with time bounds, next "
      "scheduled poll and its reason. Exit 0: shown, 1: not watched, 69: daemon unreachable");
  text_flag(explain, "--account", parsed.explain.account, "NAME",
            "Account of the task, if several accounts watch it.");
  add_daemon_flags(explain, parsed.explain.daemon);
  explain.add_option("TASK_ID", parsed.explain.task_id, "Task id.")->type_name("");
}

// Adds the options that inject faults into the simulated platform.
void add_plan_faults(CLI::App& plan, Parsed& parsed) {
  plan::Request& request = parsed.plan.request;
  check_by(text_flag(plan, "--failing-calls", parsed.plan_failing_calls, "SHARE",
                     "Share of API calls that fail: 5xx, timeout and throttling in equal parts."),
           &share_problem);
  check_by(text_flag(plan, "--other-calls", parsed.plan_other_calls, "N",
                     "Calls per second that other programs of the account make to each API."),
           &rate_problem);
  plan.add_flag("--shared-quota", request.shared_quota,
                "Limit all APIs together to quota_total, or to the largest quota of one API.");
  check_by(text_flag(plan, "--statistics-lag", parsed.plan_statistics_lag, "DURATION",
                     "Delay of job statistics: they show the state of that long ago."),
           &span_problem);
  check_by(text_flag(plan, "--failing-tasks", parsed.plan_failing_tasks, "SHARE",
                     "Share of devices on which the task fails."),
           &share_problem);
  check_by(text_flag(plan, "--jitter", parsed.plan_jitter, "DURATION",
                     "Median additional network delay of a call in each direction."),
           &span_problem);
}

void add_plan(CLI::App& app, Parsed& parsed) {
  CLI::App& plan =
      *app.add_subcommand("plan",
                          "Simulate this configuration against a modelled platform and report "
                          "expected detection delay, API calls and metric series. Uses no "
                          "credentials and no network. Exit 2: `bounds` not met");
  plan::Request& request = parsed.plan.request;
  text_flag(plan, "--config.file", parsed.plan.config_file, "FILE", "Configuration file.");
  plan.add_option("--tasks", request.tasks,
                  "Total number of tasks. Default: 10000 in the configured jobs, plus the "
                  "configured task ids.")
      ->type_name("N")
      ->check(CLI::Range(1U, plan::kMaxPlanTasks));
  plan.add_option(
          "--jobs", request.jobs,
          "Number of jobs that share the tasks. Default: as many as the configuration watches.")
      ->type_name("N")
      ->check(CLI::Range(1U, plan::kMaxPlanJobs));
  plan.add_option("--hours", request.hours,
                  "Hours to simulate. Default: until all tasks are finished, at most 24.")
      ->type_name("H")
      ->check(CLI::Range(0.01, 720.0));
  plan.add_option("--seed", request.seed,
                  "Seed of the random numbers; the same seed gives the same result.")
      ->type_name("N")
      ->capture_default_str();
  text_flag(
      plan, "--page-order", parsed.plan_order, "ORDER",
      "Order in which ListTask returns tasks (undocumented). Default: the worse of id and oldest.")
      ->check(CLI::IsMember({"id", "oldest", "newest", "mixed"}));
  check_by(text_flag(plan, "--rtt", parsed.plan_rtt, "DURATION", "Round-trip time of a call."),
           &timeout_problem);
  add_plan_faults(plan, parsed);
  text_flag(plan, "--format", parsed.plan_format, "FORMAT",
            "Output format: text, or json on one line.")
      ->check(CLI::IsMember({"text", "json"}));
}

Level level_of(const std::string& word) {
  if (word == "debug") return Level::kDebug;
  if (word == "warn") return Level::kWarn;
  return word == "error" ? Level::kError : Level::kInfo;
}

LogFormatChoice format_of(const std::string& word) {
  if (word == "logfmt") return LogFormatChoice::kLogfmt;
  if (word == "json") return LogFormatChoice::kJson;
  return word == "journald" ? LogFormatChoice::kJournald : LogFormatChoice::kAuto;
}

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
  return names;
}

// Handles arguments that CLI11 would misinterpret, or report without the argument's name.
std::optional<FlagsEnd> look_before(const CLI::App& app, std::vector<std::string>& arguments) {
  const std::vector<std::string> commands = commands_of(app);
  const std::string first = arguments.empty() ? "" : arguments[0];
  const bool is_flag = first.empty() || first.starts_with('-');
  if (first == "--version" || first == "--help" || first == "-h") {
    arguments.resize(1);
  } else if (is_flag) {
    arguments.insert(arguments.begin(), "run");
  } else if (std::find(commands.begin(), commands.end(), first) == commands.end()) {
    return refuse("unknown command " + first + "; there are " + CLI::detail::join(commands, ", "),
                  "");
  }
  for (const std::string& argument : arguments) {
    if (argument == "--") break;
    // CLI11 would skip an empty value and take the next argument as the value.
    if (argument.starts_with("--") && argument.find('=') == argument.size() - 1) {
      return refuse(argument.substr(0, argument.size() - 1) + " has no value", arguments[0]);
    }
  }
  return std::nullopt;
}

// Returns CLI11's message, except where that does not say what to do.
std::string words_of(const CLI::ParseError& error) {
  const std::string text = error.what();
  const std::size_t repeated = text.find(": At Most 1 required");
  if (repeated == std::string::npos) return text;
  return text.substr(0, repeated) + ": set more than once; set it once";
}

// Returns an error for the arguments that the command does not know.
std::optional<FlagsEnd> refuse_rest(const CLI::App& command) {
  std::vector<std::string> rest = command.remaining();
  std::erase(rest, "--");
  if (rest.empty()) return std::nullopt;
  const auto flag = std::find_if(rest.begin(), rest.end(),
                                 [](const std::string& word) { return word.starts_with('-'); });
  if (flag == rest.end()) {
    return refuse("unexpected argument " + rest[0] + "; flags begin with --", command.get_name());
  }
  const std::string name = flag->substr(0, flag->find('='));
  std::vector<std::string> known;
  for (const CLI::Option* option : command.get_options()) {
    const bool hidden = option->get_group().empty() || option->get_lnames().empty();
    if (!hidden) known.push_back("--" + option->get_lnames().front());
  }
  const std::string_view meant = nearest(name, {known.begin(), known.end()});
  return refuse(
      "unknown flag " + name + (meant.empty() ? "" : "; did you mean " + std::string(meant) + "?"),
      command.get_name());
}

std::optional<FlagsEnd> finish_asking(AskOptions& options, const std::string& command) {
  if (!options.region.empty() && !options.config_file.empty()) {
    return refuse("--config.file and --region are both set; keep one", command);
  }
  if (!options.region.empty() && !options.account.empty()) {
    return refuse(
        "--account is the name of an account of a configuration; use --config.file instead of "
        "--region, or remove --account",
        command);
  }
  if (options.task_ids.empty())
    return refuse("no task ids; add the ids of the tasks to query", command);
  if (options.region.empty() && options.config_file.empty()) options.config_file = kDefaultFile;
  return std::nullopt;
}

std::optional<FlagsEnd> finish_explain(const ExplainOptions& options) {
  if (options.task_id.empty())
    return refuse("no task id; add the id of the task to explain", "explain");
  if (const auto problem = daemon_flags_problem(options.daemon)) return refuse(*problem, "explain");
  if (is_valid_id(options.task_id)) return std::nullopt;
  return refuse(
      "a task id must be 1 to 128 printable ASCII characters without space, \", \\ and #; copy it "
      "from the console or from an event",
      "explain");
}

Command finish_plan(Parsed& parsed) {
  PlanOptions& options = parsed.plan;
  options.json = parsed.plan_format == "json";
  options.request.order = plan::parse_order(parsed.plan_order);
  plan::Request& request = options.request;
  request.rtt = *parse_duration(parsed.plan_rtt);
  request.faults.failing_calls = *parse_share(parsed.plan_failing_calls);
  request.faults.other_calls = *parse_rate(parsed.plan_other_calls);
  request.faults.statistics_lag = *parse_duration(parsed.plan_statistics_lag);
  request.faults.jitter = *parse_duration(parsed.plan_jitter);
  request.failing_tasks = *parse_share(parsed.plan_failing_tasks);
  const std::uint32_t jobs = options.request.jobs.value_or(1);
  if (options.request.tasks.value_or(jobs) < jobs) {
    return refuse("--jobs is more than --tasks; each job needs a task", "plan");
  }
  return options;
}

Command finish(Parsed& parsed, const std::string& command) {
  if (command == "check") return parsed.check;
  if (command == "plan") return finish_plan(parsed);
  if (command == "query") {
    if (auto end = finish_asking(parsed.query, command)) return *end;
    return parsed.query;
  }
  if (command == "wait") {
    if (auto end = finish_asking(parsed.wait.what, command)) return *end;
    if (!parsed.timeout.empty()) parsed.wait.timeout = parse_duration(parsed.timeout);
    return parsed.wait;
  }
  if (command == "state") {
    if (const auto problem = state_flags_problem(parsed.state)) return refuse(*problem, command);
    return parsed.state;
  }
  if (command == "notify") {
    if (const auto problem = notify_flags_problem(parsed.notify)) return refuse(*problem, command);
    return parsed.notify;
  }
  if (command == "mute" || command == "unmute" || command == "mutes") {
    parsed.mute.command = command;
    if (const auto problem = mute_flags_problem(parsed.mute)) return refuse(*problem, command);
    return parsed.mute;
  }
  if (command == "explain") {
    if (auto end = finish_explain(parsed.explain)) return *end;
    return parsed.explain;
  }
  parsed.run.log_level = level_of(parsed.log_level);
  parsed.run.max_requests = std::stoul(parsed.max_requests);
  parsed.run.log_format = format_of(parsed.log_format);
  return parsed.run;
}

}  // namespace

Command parse_flags(std::vector<std::string> arguments) {
  CLI::App app("Monitors jobs and tasks of the Alibaba Cloud IoT Platform.", "taskwatchd");
  Parsed parsed;
  app.set_version_flag("--version",
                       "taskwatchd, version " TASKWATCHD_VERSION " (revision: " TASKWATCHD_REVISION
                       "), " TASKWATCHD_COMPILER,
                       "Print the version and exit");
  add_run(app, parsed);
  add_check(app, parsed);
  add_asking(app, parsed);
  add_plan(app, parsed);
  add_explain(app, parsed);
  add_state(app, parsed.state);
  add_notify(app, parsed.notify);
  add_mutes(app, parsed.mute);
  for (CLI::App* command : app.get_subcommands(nullptr)) command->allow_extras();

  if (auto end = look_before(app, arguments)) return *end;
  try {
    // CLI11 expects the arguments in reverse order.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    return FlagsEnd{kExitOk, app.help()};
  } catch (const CLI::CallForVersion& version) {
    return FlagsEnd{kExitOk, std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    return refuse(words_of(error), arguments[0]);
  }
  const CLI::App& command = *app.get_subcommands().at(0);
  if (auto end = refuse_rest(command)) return *end;
  return finish(parsed, command.get_name());
}

}  // namespace taskwatchd
