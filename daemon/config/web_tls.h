// Reads `tls_server_config` of the web configuration. A part of web_config.
#pragma once

#include "config/section.h"
#include "config/web_config.h"

namespace taskwatchd {

// Returns nullopt if the section is absent, does not enable TLS, or is invalid, which is reported.
// `http2`: the value in `http_server_config`.
std::optional<WebTlsConfig> read_web_tls(Section& root, const ParseContext& context, bool http2,
                                         Problems& warnings);

}  // namespace taskwatchd
