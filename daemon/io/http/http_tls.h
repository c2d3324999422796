// The TLS of the HTTP server, made anew of each web configuration. A part of http_server, without
// Beast. A context is not changed once it is made: connections keep theirs when it is replaced.
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
  // A certificate whose time has not come or is over, an authority that cannot be used.
  std::vector<ConfigError> warnings;
};

// `file` is the web configuration's name, for messages: what is wrong with the texts is told at the
// keys that name them. Sessions are not resumed: a client shows what it has to at each connection.
std::variant<ServerTls, std::vector<ConfigError>> make_server_tls(const WebTlsConfig& config,
                                                                  const WebTlsTexts& texts,
                                                                  const std::string& file);

}  // namespace taskwatchd
