// Text of devices and of the platform, made safe for the messages of chat services: in every chat
// format (DingTalk, Feishu, WeCom, Slack) it mentions nobody, makes no link and no markup. One
// spelling serves all formats, so that no format can be forgotten. No I/O; never fails on any
// bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace taskwatchd {

// Returns one line of valid UTF-8 of at most `limit` bytes; if the text was cut, it ends with "…".
// - Marks of Markdown, mentions, links and entities become their full-width twins: @ is ＠, "://"
//   is "：／／". The dot of a name such as www.x.com or of an IP address becomes ．, because chats
//   link these without a scheme; numbers and versions (3.5, 1.2.3) keep their dots.
// - A line end or a tab becomes a space. ANSI escape sequences, other controls, bidirectional
//   controls and invisible characters are removed. An invalid byte becomes U+FFFD.
std::string chat_text(std::string_view bytes, std::size_t limit);

// The bytes that the JSON writer (core/events/json.h) needs for the text, without the quotes.
std::size_t json_size(std::string_view text);
// Cuts the text at a character so that its json_size is at most `limit`; a text that was cut ends
// with "…" if the limit has room for that.
std::string cut_to_json_size(std::string text, std::size_t limit);

}  // namespace taskwatchd
