#include "server/web_settings.h"

#include <algorithm>
#include <utility>

#include "io/files/config_file_web.h"

namespace taskwatchd {
namespace {

using LoadResult = std::variant<LoadedWebConfig, std::vector<ConfigError>>;

constexpr Duration kCheckEvery = std::chrono::seconds(5);  // if the system reports no file changes
// A file that is being written changes again soon: it is read once it has been unchanged this long.
constexpr Duration kSettle = std::chrono::milliseconds(200);

std::string lines_of(const std::vector<ConfigError>& errors) {
  std::string all;
  for (const ConfigError& error : errors) all += (all.empty() ? "" : "\n") + to_string(error);
  return all;
}

// A CA of the daemon's own, that is; public CAs may sign for anybody.
bool has_client_authority(const WebConfig& config) {
  return verifies_clients(config) && config.tls->client_ca_file.is_given();
}

// Prepares for use what was read, or returns its errors.
WebSettingResult setting_of(LoadResult loaded, const std::string& file) {
  if (auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) return std::move(*errors);
  LoadedWebConfig& good = std::get<LoadedWebConfig>(loaded);
  WebSetting setting{std::move(good.config), nullptr, std::move(good.warnings)};
  if (setting.config.tls) {
    auto made = make_server_tls(*setting.config.tls, good.tls, file);
    if (auto* errors = std::get_if<std::vector<ConfigError>>(&made)) return std::move(*errors);
    ServerTls& tls = std::get<ServerTls>(made);
    setting.tls = std::move(tls.context);
    setting.warnings.insert(setting.warnings.end(), tls.warnings.begin(), tls.warnings.end());
  }
  return setting;
}

// Detects whether the files have changed.
std::size_t digest_of(const LoadResult& loaded) {
  if (const auto* good = std::get_if<LoadedWebConfig>(&loaded)) return good->digest;
  return std::hash<std::string>()(lines_of(std::get<std::vector<ConfigError>>(loaded)));
}

}  // namespace

WebSettingResult load_web_setting(const std::string& file) {
  return setting_of(load_web_config(file), file);
}

WebSettings::WebSettings(const boost::asio::any_io_executor& executor, Clock& clock, Log& log,
                         std::string file, std::function<void(const WebSetting&)> take)
    : clock_(clock),
      log_(log),
      file_(std::move(file)),
      take_(std::move(take)),
      watch_(executor,
             [this] {
               if (!check_at_) check_at_ = clock_.now().mono + kSettle;
               alarm_->ring();
             }),
      alarm_(clock.make_alarm()) {}

std::vector<ConfigError> WebSettings::load_first() {
  if (file_.empty()) return {};
  LoadResult read = load_web_config(file_);
  active_ = digest_of(read);
  auto loaded = setting_of(std::move(read), file_);
  if (auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) return std::move(*errors);
  accept(std::get<WebSetting>(loaded));
  return {};
}

std::optional<std::string> WebSettings::request() {
  if (file_.empty()) return std::nullopt;
  check(true);
  if (problems_.empty()) return std::nullopt;
  return problems_;
}

Awaitable<void> WebSettings::follow() {
  if (file_.empty()) co_return;
  Mono regular = clock_.now().mono;
  for (;;) {
    const Mono next = check_at_ ? std::min(*check_at_, regular) : regular;
    if (next > clock_.now().mono) {
      co_await alarm_->wait_until(next);
      continue;
    }
    // before reading: no change in between is missed
    watch_.follow(web_config_folders(file_, config_));
    check(false);
    regular = clock_.now().mono + kCheckEvery;
  }
}

void WebSettings::check(bool at_once) {
  check_at_.reset();
  LoadResult read = load_web_config(file_);
  const std::size_t digest = digest_of(read);
  const bool as_before = std::exchange(seen_, digest) == digest;
  if (digest == active_) {
    problems_.clear();
    return;
  }
  if (!as_before && !at_once) {
    check_at_ = clock_.now().mono + kSettle;
    return;
  }
  auto loaded = setting_of(std::move(read), file_);
  if (const auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
    return refuse(*errors, at_once);
  }
  WebSetting& setting = std::get<WebSetting>(loaded);
  const auto lost = what_it_takes_away(setting.config);
  if (!lost.empty()) return refuse(lost, at_once);
  active_ = digest;
  problems_.clear();
  accept(setting);
  log_.write_event(clock_.now().wall, Level::kInfo, "config_reloaded",
                   "web configuration reloaded and active", {{"file", file_}});
}

void WebSettings::accept(const WebSetting& setting) {
  warn_of(setting);
  config_ = setting.config;
  take_(setting);
}

// Logged once, and again if the errors change or a reload was requested.
void WebSettings::refuse(const std::vector<ConfigError>& problems, bool asked) {
  std::string all = lines_of(problems);
  const bool known = all == problems_;
  problems_ = std::move(all);
  if (known && !asked) return;
  log_.write_event(clock_.now().wall, Level::kError, "config_reload_failed",
                   "web configuration reload failed; the previous web configuration stays active" +
                       std::string(asked ? " and the main configuration is not reloaded" : "") +
                       ": " + to_string(problems.front()),
                   {{"errors", static_cast<std::int64_t>(problems.size())}, {"file", file_}});
  for (std::size_t i = 1; i < problems.size(); ++i) {
    log_.write_event(clock_.now().wall, Level::kError, "", to_string(problems[i]));
  }
}

// A file that was emptied, or truncated while it was copied, must not disable the protection.
std::vector<ConfigError> WebSettings::what_it_takes_away(const WebConfig& next) const {
  std::vector<ConfigError> lost;
  const auto check_change = [&](bool had, bool has, const char* key, const char* what) {
    if (!had || has) return;
    lost.push_back({file_, 0, 0,
                    "`" + std::string(key) + "` was removed, but " + what +
                        " while taskwatchd runs; restore it, or restart taskwatchd"});
  };
  check_change(config_.tls.has_value(), next.tls.has_value(), "tls_server_config",
               "TLS cannot be turned off");
  check_change(verifies_clients(config_), verifies_clients(next),
               "client_auth_type: RequireAndVerifyClientCert", "client certificates stay required");
  check_change(has_client_authority(config_), has_client_authority(next) || !verifies_clients(next),
               "client_ca_file", "the CA of client certificates stays the same");
  check_change(!config_.users.empty(), !next.users.empty(), "basic_auth_users",
               "authentication stays required");
  return lost;
}

void WebSettings::warn_of(const WebSetting& setting) {
  for (const ConfigError& warning : setting.warnings) {
    log_.write_event(clock_.now().wall, Level::kWarn, "", to_string(warning));
  }
}

}  // namespace taskwatchd
