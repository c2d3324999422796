#include "commands/notify_flags.h"

#include "commands/add_flag.h"

namespace taskwatchd {

void add_daemon_flags(CLI::App& command, DaemonOptions& options) {
  check_by(text_flag(command, "--url", options.url, "URL",
                     "URL of the daemon; plain http for a loopback address only."),
           &daemon_url_problem);
  text_flag(command, "--user", options.user, "NAME",
            "User name from the daemon's basic_auth_users.");
  text_flag(command, "--password-file", options.password_file, "FILE",
            "File that contains the user's password.");
  text_flag(command, "--ca-file", options.ca_file, "FILE",
            "File with the CA certificate that signed the daemon's certificate. Default: the CAs "
            "of the system.");
}

std::optional<std::string> daemon_flags_problem(const DaemonOptions& options) {
  if (options.user.empty() == options.password_file.empty()) return std::nullopt;
  return "--user and --password-file belong together; set both";
}

void add_notify(CLI::App& app, NotifyOptions& options) {
  CLI::App& notify = *app.add_subcommand(
      "notify",
      "Work with the sinks of notifications of a running daemon. test: send a marked failure and "
      "its recovery to a sink and print the response. list: show the sinks that run there. replay: "
      "send stored events again; a chat gets one digest. test and replay need "
      "--web.enable-lifecycle there");
  notify.add_option("ACTION", options.action, "What to do.")
      ->option_text("{test,list,replay}")
      ->check(CLI::IsMember({"test", "list", "replay"}));
  notify.add_option("SINK", options.sink, "Name of the sink, for test and replay.")->type_name("");
  notify.add_flag("--mention", options.mention,
                  "For test: mention people, as for a large failure.");
  text_flag(notify, "--config.file", options.config_file, "FILE",
            "For test: send by this command itself to the sink of this configuration file.");
  text_flag(notify, "--since", options.since, "TIME",
            "For replay: a time in UTC such as 2026-11-22T01:02:03Z, or a duration before now such "
            "as 2h. At most give_up of the sink back.");
  add_daemon_flags(notify, options.daemon);
}

std::optional<std::string> notify_flags_problem(const NotifyOptions& options) {
  if (options.action.empty()) return "no action; add test, list or replay";
  const bool is_list = options.action == "list";
  if (is_list != options.sink.empty()) {
    return is_list ? "`notify list` lists all sinks; remove the name"
                   : "no sink; add the name of a sink, see taskwatchd notify list";
  }
  if (options.action != "test" && (options.mention || !options.config_file.empty())) {
    return "--mention and --config.file are used by `notify test` only; remove them";
  }
  if ((options.action == "replay") == options.since.empty()) {
    return options.since.empty() ? "no --since; set the time from which on events are sent again"
                                 : "--since is used by `notify replay` only; remove it";
  }
  return daemon_flags_problem(options.daemon);
}

void add_mutes(CLI::App& app, MuteOptions& options) {
  CLI::App& mute = *app.add_subcommand(
      "mute",
      "Keep the chats of a running daemon quiet for a while; then each gets one digest. Programs "
      "are not affected. Needs --web.enable-lifecycle there");
  text_flag(mute, "--sink", options.sink, "NAME", "Only this chat. Default: all.");
  text_flag(mute, "--account", options.account, "NAME", "Only this account. Default: all.");
  text_flag(mute, "--job", options.job, "PATTERN",
            "Only jobs whose id or name matches, with * and ?. Default: everything.");
  check_by(text_flag(mute, "--for", options.span, "DURATION",
                     "How long, such as 30m, 2h or 1d; at most 30d."),
           &timeout_problem);
  text_flag(mute, "--comment", options.comment, "TEXT", "Why, for others.");
  add_daemon_flags(mute, options.daemon);

  CLI::App& unmute = *app.add_subcommand(
      "unmute", "End a mute of a running daemon. Needs --web.enable-lifecycle there");
  unmute.add_option("ID", options.id, "Id of the mute, from taskwatchd mutes.")->type_name("");
  add_daemon_flags(unmute, options.daemon);

  CLI::App& mutes = *app.add_subcommand("mutes", "List the active mutes of a running daemon");
  add_daemon_flags(mutes, options.daemon);
}

std::optional<std::string> mute_flags_problem(const MuteOptions& options) {
  if (options.command == "mute" && options.span.empty()) {
    return "no --for; set how long the chats are muted, such as --for=2h";
  }
  if (options.command == "mute" && options.comment.empty()) {
    return "no --comment; set the reason, such as --comment=\"maintenance\"";
  }
  if (options.command == "unmute" && options.id.empty()) {
    return "no id; add the id of a mute, see taskwatchd mutes";
  }
  return daemon_flags_problem(options.daemon);
}

}  // namespace taskwatchd
