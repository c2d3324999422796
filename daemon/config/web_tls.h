// `tls_server_config` of the web configuration. A part of web_config.
#pragma once

#include "config/section.h"
#include "config/web_config.h"

namespace taskwatchd {

// Nothing if there is none, if nothing in it asks for TLS, or if it is wrong, which is then
// reported. `http2`: as `http_server_config` says.
std::optional<WebTlsConfig> read_web_tls(Section& root, const ParseContext& context, bool http2,
                                         Problems& warnings);

}  // namespace taskwatchd
