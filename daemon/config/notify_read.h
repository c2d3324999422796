// Reads the `notify` part of the file: the sinks and what each of them gets.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "config/parse.h"
#include "config/section.h"

namespace taskwatchd {

// REQUIRES: accounts and `state` of the same file have been read into `config`.
std::vector<SinkConfig> read_notify(Section& root, const ParseContext& context,
                                    const Config& config);

// Reads the keys that only chats have, and sets their defaults. REQUIRES: is_chat(sink.format).
void read_chat(Section& section, SinkConfig& sink);

// True if the text has more than `limit` bytes or a control character.
bool is_unprintable(std::string_view text, std::size_t limit);

}  // namespace taskwatchd
