// The TLS context of the HTTP server, built for each web configuration. Part of http_server,
// without Beast. A context is immutable: connections keep theirs when it is replaced.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "config/web_config.h"

namespace taskwatchd {

struct ServerTls {
  std::shared_ptr<boost::asio::ssl::context> context;
  // A certificate that is expired or not yet valid, a CA that cannot be used.
  std::vector<ConfigError> warnings;
};

// `file` is the name of the web configuration, for messages: an error of a text is reported at the
// YAML key that refers to it. Session resumption is off: a client must present its certificate at
// each connection.
std::variant<ServerTls, std::vector<ConfigError>> make_server_tls(const WebTlsConfig& config,
                                                                  const WebTlsTexts& texts,
                                                                  const std::string& file);

}  // namespace taskwatchd
