// `tls_server_config` of the web configuration. A part of web_config.
#pragma once

#include "config/section.h"
#include "config/web_config.h"

namespace taskwatchd {

// Nothing if there is none, or if it is wrong, which is then reported.
std::optional<WebTlsConfig> read_web_tls(Section& root, const ParseContext& context);

}  // namespace taskwatchd
