// The HTTP request that delivers a message to a chat robot. Pure, except that a failure of the
// crypto library throws std::runtime_error. Sources:
// - DingTalk: open.dingtalk.com "custom robot", message type markdown; security setting "sign".
// - Feishu: open.feishu.cn "custom bot usage guide", message type post: its elements are plain
//   texts, so nothing in them is markup.
// - WeCom: work.weixin.qq.com document 91770, message type text: it is shown as it is, it can
//   mention everybody and phone numbers (markdown cannot); at most 2,048 bytes of UTF-8.
// - Slack: api.slack.com "incoming webhooks" and "formatting text".
#pragma once

#include "cloud/http.h"
#include "config/notify.h"
#include "core/types/secret.h"
#include "core/types/time.h"
#include "notify/chat_message.h"

namespace taskwatchd {

// The text of a message, as JSON; DingTalk and Feishu allow 20,000 bytes for the whole body.
inline constexpr std::size_t kMaxChatBytes = 4000;
inline constexpr std::size_t kMaxWeComBytes = 2048;  // of its text, not escaped

// Returns the POST of the message: the sink's title, the text, cut to the limits, links, and the
// mentions that `sink.mention` allows for the sizes in the message. `signing_secret` is empty if
// the robot has none; the signature contains `now`, so a new attempt needs a new request.
// REQUIRES: is_chat(sink.format).
HttpRequest chat_request(const SinkConfig& sink, const Secret& url, const Secret& signing_secret,
                         const ChatMessage& message, Wall now);

// Base64 of HMAC-SHA256.
std::string hmac_sha256_base64(std::string_view key, std::string_view data);

}  // namespace taskwatchd
