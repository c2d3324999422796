#include "notify/sink_secrets.h"

#include <algorithm>
#include <array>

#include "cloud/base64.h"
#include "config/characters.h"
#include "config/key_text.h"
#include "config/url.h"
#include "core/types/ascii.h"
#include "core/types/trim.h"

namespace taskwatchd {
namespace {

constexpr std::string_view kSecretPrefix = "whsec_";
constexpr std::size_t kMinSecretBytes = 24;
constexpr std::size_t kMaxSecretBytes = 64;
constexpr std::size_t kMaxSecrets = 2;  // the previous one and the next one
constexpr std::size_t kMaxHeaders = 16;
constexpr std::size_t kMaxHeaderValueBytes = 4096;
constexpr std::size_t kMaxHeadersBytes = 65536;  // of the file

// Set by the daemon or by the HTTP client: a second value would contradict them, or break the
// framing of the request.
constexpr std::array<std::string_view, 8> kOwnHeaders = {
    "host",   "content-length",    "content-type", "connection",
    "expect", "transfer-encoding", "upgrade",      "te"};

// As in RFC 9110, section 5.6.2.
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    const char l = ascii_lower(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

std::string in_line(std::size_t line) {
  return "line " + std::to_string(line) + " ";
}

// Returns what is wrong with a header, or an empty text. `name` is shown only if it is a token that
// we know: any other text may be a part of a token of the receiver.
std::string header_problem(std::string_view header, std::string_view value) {
  const std::string lower = ascii_lower(header);
  if (!is_token(header)) return "is not a header; write it as `Name: value`";
  if (std::find(kOwnHeaders.begin(), kOwnHeaders.end(), lower) != kOwnHeaders.end()) {
    return "sets `" + lower + "`, which taskwatchd sets itself; remove it";
  }
  if (lower.starts_with("webhook-")) {
    return "sets a header of the signature; remove it, and set `secret_file` to sign";
  }
  if (value.empty()) return "has no value; write it as `Name: value`";
  if (value.size() > kMaxHeaderValueBytes) {
    return "is longer than " + std::to_string(kMaxHeaderValueBytes) + " bytes; shorten it";
  }
  if (find_odd_character(value)) {
    return "contains an invisible or confusable character; write it again by hand";
  }
  if (std::any_of(value.begin(), value.end(),
                  [](char c) { return (c < ' ' && c != '\t') || c == 0x7F; })) {
    return "contains a character that is not plain ASCII; remove it";
  }
  return {};
}

// Decodes one whsec_ line; empty if it is not valid.
Secret webhook_key(std::string_view line) {
  if (!line.starts_with(kSecretPrefix)) return {};
  auto bytes = from_base64(line.substr(kSecretPrefix.size()));
  if (!bytes) return {};
  Secret key(*std::move(bytes));
  const std::size_t size = key.reveal().size();
  return size < kMinSecretBytes || size > kMaxSecretBytes ? Secret() : key;
}

}  // namespace

SinkUrl parse_sink_url(std::string_view bytes) {
  KeyText text = clean_key_text(bytes);
  if (!text.problem.empty()) return {{}, std::move(text.problem)};
  if (const auto problem = sink_url_problem(text.value.reveal())) {
    return {{}, "contains a URL that " + *problem};
  }
  return {std::move(text.value), {}};
}

SinkSecrets parse_sink_secrets(SinkFormat format, std::string_view bytes) {
  SinkSecrets secrets;
  if (format != SinkFormat::kCloudEvents) {
    KeyText text = clean_key_text(bytes);
    if (text.problem.empty()) secrets.keys.push_back(std::move(text.value));
    secrets.problem = std::move(text.problem);
    return secrets;
  }
  const auto fail = [](std::string problem) { return SinkSecrets{{}, std::move(problem)}; };
  if (bytes.size() > kMaxKeyBytes) {
    return fail("contains more than " + std::to_string(kMaxKeyBytes) +
                " bytes; it must contain only the secrets");
  }
  const MarkedText marked = without_mark(bytes);
  if (marked.problem != nullptr) return fail(marked.problem);
  std::size_t number = 0;
  for (std::string_view rest = marked.text; !rest.empty();) {
    const std::string_view line = take_line(rest);
    ++number;
    if (trim(line).empty()) continue;
    KeyText text = clean_key_text(line);
    if (!text.problem.empty()) return fail("has a problem: " + in_line(number) + text.problem);
    Secret key = webhook_key(text.value.reveal());
    if (key.empty()) {
      return fail("has a problem: " + in_line(number) +
                  "is not whsec_ and the Base64 text of 24 to 64 bytes; copy it from the receiver");
    }
    if (secrets.keys.size() == kMaxSecrets) {
      return fail("contains more than two secrets; keep the previous one and the next one");
    }
    secrets.keys.push_back(std::move(key));
  }
  if (secrets.keys.empty()) return fail("is empty; put the secret into it");
  return secrets;
}

SinkHeaders parse_sink_headers(std::string_view bytes) {
  SinkHeaders parsed;
  const auto fail = [](std::string problem) { return SinkHeaders{{}, std::move(problem)}; };
  if (bytes.size() > kMaxHeadersBytes) {
    return fail("contains more than " + std::to_string(kMaxHeadersBytes) +
                " bytes; it must contain only headers");
  }
  const MarkedText marked = without_mark(bytes);
  if (marked.problem != nullptr) return fail(marked.problem);
  std::size_t number = 0;
  for (std::string_view rest = marked.text; !rest.empty();) {
    const std::string_view line = trim(take_line(rest));
    ++number;
    if (line.empty() || line.front() == '#') continue;
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view header = line.substr(0, colon);
    const std::string_view value = trim(line.substr(std::min(colon + 1, line.size())));
    if (std::string problem = header_problem(header, value); !problem.empty()) {
      return fail("has a problem: " + in_line(number) + problem);
    }
    const std::string lower = ascii_lower(header);
    if (std::any_of(parsed.headers.begin(), parsed.headers.end(),
                    [&](const auto& one) { return ascii_lower(one.first) == lower; })) {
      return fail("has a problem: " + in_line(number) +
                  "sets a header that an earlier line sets too; remove one");
    }
    if (parsed.headers.size() == kMaxHeaders) {
      return fail("contains more than " + std::to_string(kMaxHeaders) + " headers; remove some");
    }
    parsed.headers.emplace_back(std::string(header), Secret(std::string(value)));
  }
  return parsed;
}

}  // namespace taskwatchd
