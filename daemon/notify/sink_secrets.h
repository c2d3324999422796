// The contents of a sink's url_file, secret_file and headers_file. No I/O: the caller reads the
// files. Throws nothing. A problem names what is wrong and how to fix it, never the content, and is
// to be appended to the name of the file.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/notify.h"
#include "core/types/secret.h"

namespace taskwatchd {

struct SinkUrl {
  Secret url;           // empty if there is a problem
  std::string problem;  // "is empty; ..."
};
// One line with the URL, tolerant like a key file (config/key_text.h).
SinkUrl parse_sink_url(std::string_view bytes);

struct SinkSecrets {
  // The keys of the signature: of cloudevents the decoded bytes, otherwise the text as it is.
  std::vector<Secret> keys;  // empty if there is a problem
  std::string problem;
};
// cloudevents: one line `whsec_BASE64`, or two while the receiver changes its secret. Source:
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, 24 to
// 64 bytes. Other formats: one line.
SinkSecrets parse_sink_secrets(SinkFormat format, std::string_view bytes);

struct SinkHeaders {
  std::vector<std::pair<std::string, Secret>> headers;  // in the file's order
  std::string problem;
};
// One `Name: value` per line (RFC 9110, section 5); empty lines and lines that begin with # are
// skipped. Headers that the daemon sets itself are a problem, and so is a name that occurs twice.
SinkHeaders parse_sink_headers(std::string_view bytes);

}  // namespace taskwatchd
