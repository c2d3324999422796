// The active web configuration and its changes: it is reloaded when its file, or a certificate or
// key file that it names, changes. An invalid one changes nothing and is logged once; a reload
// cannot remove the protection of a running server. Event-loop thread only; reading blocks it
// briefly.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/web_config.h"
#include "io/files/file_watch.h"
#include "io/http/http_tls.h"
#include "ports.h"

namespace taskwatchd {

struct WebSetting {
  WebConfig config;
  std::shared_ptr<boost::asio::ssl::context> tls;  // none: plain HTTP
  std::vector<ConfigError> warnings;               // less secure or useless settings
};
// The file with all files that it names, or their errors.
using WebSettingResult = std::variant<WebSetting, std::vector<ConfigError>>;
WebSettingResult load_web_setting(const std::string& file);

class WebSettings {
 public:
  // If `file` is empty, no file is watched. `take` is called with each new setting.
  WebSettings(const boost::asio::any_io_executor& executor, Clock& clock, Log& log,
              std::string file, std::function<void(const WebSetting&)> take);

  // Loads the first configuration, before the event loop runs. Returns its errors, or an empty
  // list.
  std::vector<ConfigError> load_first();
  // Reads the files now. Returns the errors, one per line, or nullopt. They are logged each time.
  std::optional<std::string> request();
  // Watches the files for changes until the event loop ends.
  Awaitable<void> follow();

  const WebConfig& config() const { return config_; }
  // True if the current files are the active configuration.
  bool good() const { return problems_.empty(); }

 private:
  void check(bool at_once);
  void accept(const WebSetting& setting);
  void refuse(const std::vector<ConfigError>& problems, bool asked);
  std::vector<ConfigError> what_it_takes_away(const WebConfig& next) const;
  void warn_of(const WebSetting& setting);

  Clock& clock_;
  Log& log_;
  std::string file_;
  std::function<void(const WebSetting&)> take_;
  FileWatch watch_;
  std::unique_ptr<Alarm> alarm_;
  WebConfig config_;
  std::size_t active_ = 0;  // digests of the files
  std::size_t seen_ = 0;
  std::optional<Mono> check_at_;  // when to check for a possible change
  std::string problems_;          // of the current files, as logged
};

}  // namespace taskwatchd
