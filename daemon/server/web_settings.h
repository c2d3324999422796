// The web configuration in force and how it changes: when its file, or a certificate or key that it
// names, is another. A bad one changes nothing and is told once; and what protects a running server
// is not taken away. Loop's thread, which reading blocks for a moment.
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
  std::vector<ConfigError> warnings;               // what is less safe, or of no use
};
// The file and all that it names, or what is wrong with them.
using WebSettingResult = std::variant<WebSetting, std::vector<ConfigError>>;
WebSettingResult load_web_setting(const std::string& file);

class WebSettings {
 public:
  // `file` may be empty: then there is nothing to follow. `take` is called with each new setting.
  WebSettings(const boost::asio::any_io_executor& executor, Clock& clock, Log& log,
              std::string file, std::function<void(const WebSetting&)> take);

  // The first one, before the loop runs: what is wrong with it, or nothing.
  std::vector<ConfigError> load_first();
  // Reads the files now; what is wrong, one per line, or nothing. It is logged each time.
  std::optional<std::string> request();
  // Follows the files until the loop ends.
  Awaitable<void> follow();

  const WebConfig& config() const { return config_; }
  // Whether the files, as they are now, are in force.
  bool good() const { return problems_.empty(); }

 private:
  void look(bool at_once);
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
  std::size_t in_force_ = 0;  // digests of the files
  std::size_t seen_ = 0;
  std::optional<Mono> look_at_;  // something may have changed
  std::string problems_;         // of the files as they are now, as told
};

}  // namespace taskwatchd
