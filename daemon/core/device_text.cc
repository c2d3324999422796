// Words that a device or the cloud wrote, made fit to be shown: see event_text.h.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "core/ascii.h"
#include "core/event_text.h"
#include "core/utf8.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kDeviceTextLimit = 256;  // bytes
constexpr std::string_view kRedacted = "REDACTED";

// Lower case, without - and _. Any name that contains one of these is a credential's:
// AccessKeyId, OSSAccessKeyId, x-oss-signature-version, X-Amz-Date, SignatureNonce, ...
constexpr std::array<std::string_view, 8> kCredentialNames = {
    "accesskey", "signature", "expires", "securitytoken", "credential", "xoss", "xamz", "xacs"};

// What may stand for = or : after a name, and for & after a value: plain, percent-encoded (once,
// twice), and as Java's and Go's JSON writers escape them. In lower case.
constexpr std::array<std::string_view, 8> kSeparators = {"=",       ":",   "%3d",   "%253d",
                                                         "\\u003d", "%3a", "%253a", "\\u003a"};
constexpr std::array<std::string_view, 3> kNextParameter = {"%26", "%2526", "\\u0026"};

bool is_name_char(char c) {
  const char l = ascii_lower(c);
  return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// Ends any URL: none of these may stand in one unencoded.
bool ends_url(char c) {
  return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '<' || c == '>' || c == 0x7F;
}

bool starts_with_lower(std::string_view text, std::string_view prefix) {
  return is_word(text.substr(0, prefix.size()), prefix);
}

template <std::size_t N>
std::size_t match_any(std::string_view text, const std::array<std::string_view, N>& words) {
  for (const std::string_view word : words) {
    if (starts_with_lower(text, word)) return word.size();
  }
  return 0;
}

bool names_credential(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c != '-' && c != '_') plain += ascii_lower(c);
  }
  return std::any_of(kCredentialNames.begin(), kCredentialNames.end(),
                     [&](auto word) { return plain.find(word) != std::string::npos; });
}

// One URL's text after its "://": without user and query.
std::string redact_url(std::string_view rest) {
  std::string out;
  const std::size_t authority = std::min(rest.find_first_of("/?#\\"), rest.size());
  if (const std::size_t at = rest.substr(0, authority).rfind('@'); at != std::string_view::npos) {
    out += kRedacted;
    rest.remove_prefix(at);
  }
  const std::size_t query = rest.find('?');
  out += rest.substr(0, query);
  if (query != std::string_view::npos) {
    out += '?';
    out += kRedacted;
  }
  return out;
}

// The width of the mark that ends a scheme; the second spelling is how some JSON writers put it.
std::size_t scheme_mark(std::string_view text) {
  if (text.starts_with("://")) return 3;
  if (text.starts_with(":\\/\\/")) return 5;
  return 0;
}

std::string redact_urls(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t mark = scheme_mark(text.substr(at));
    if (mark == 0) {
      out += text[at++];
      continue;
    }
    const std::size_t body = at + mark;
    std::size_t end = body;
    while (end < text.size() && !ends_url(text[end])) ++end;
    out += text.substr(at, mark);
    out += redact_url(text.substr(body, end - body));
    at = end;
  }
  return out;
}

// Past blanks and past quotes that may be escaped; `quote` becomes the quote met, if any.
std::size_t skip_quote(std::string_view text, std::size_t at, char& quote) {
  while (at < text.size() && is_blank(text[at])) ++at;
  std::size_t i = at;
  while (i < text.size() && text[i] == '\\') ++i;
  if (i < text.size() && (text[i] == '"' || text[i] == '\'')) {
    quote = text[i];
    at = i + 1;
  }
  return at;
}

// Where the value that begins at `at` ends.
std::size_t value_end(std::string_view text, std::size_t at, char quote) {
  if (quote != 0) return std::min(text.find(quote, at), text.size());
  constexpr std::string_view kStops = "&\"',;}]<>\\";
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (static_cast<unsigned char>(c) <= ' ') break;
    if (kStops.find(c) != std::string_view::npos) break;
    if (c == '%' && match_any(text.substr(at), kNextParameter) > 0) break;
  }
  return at;
}

std::string redact_parameters(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = at;
    while (end < text.size() && is_name_char(text[end])) ++end;
    const std::string_view word = text.substr(at, end - at);
    if (word.empty()) {
      out += text[at++];
      continue;
    }
    out += word;
    at = end;
    if (!names_credential(word)) continue;
    char quote = 0;
    std::size_t separator = skip_quote(text, end, quote);
    while (separator < text.size() && is_blank(text[separator])) ++separator;
    const std::size_t width = match_any(text.substr(separator), kSeparators);
    if (width == 0) continue;
    quote = 0;
    const std::size_t value = skip_quote(text, separator + width, quote);
    out += text.substr(end, value - end);
    out += kRedacted;
    at = value_end(text, value, quote);
  }
  return out;
}

}  // namespace

std::string repair_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = utf8_at(bytes, at).size;
    if (size == 0) {
      out += "\xEF\xBF\xBD";
      ++at;
    } else {
      out += bytes.substr(at, size);
      at += size;
    }
  }
  return out;
}

std::string cut(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  // The longest that the words can be; so they fit however much is cut.
  const std::size_t words = fmt::formatted_size("...(+{} bytes)", text.size());
  std::size_t keep = limit >= words ? limit - words : limit;
  while (keep > 0 && (static_cast<unsigned char>(text[keep]) & 0xC0u) == 0x80u) --keep;
  const std::size_t gone = text.size() - keep;
  text.resize(keep);
  if (limit >= words) fmt::format_to(std::back_inserter(text), "...(+{} bytes)", gone);
  return text;
}

std::string redact(std::string_view text) {
  return redact_parameters(redact_urls(text));
}

std::string device_text(std::string_view bytes) {
  return cut(redact(repair_utf8(bytes)), kDeviceTextLimit);
}

std::string escape_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const auto to = std::back_inserter(out);
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char c = utf8_at(text, at);
    if (c.size == 0) {
      fmt::format_to(to, "\\x{:02x}", static_cast<unsigned char>(text[at]));
    } else if (!must_escape(c.code)) {
      out += text.substr(at, c.size);
    } else if (c.code < 0x80) {
      fmt::format_to(to, "\\x{:02x}", static_cast<unsigned>(c.code));
    } else {
      fmt::format_to(to, "\\u{{{:04x}}}", static_cast<unsigned>(c.code));
    }
    at += std::max<std::size_t>(c.size, 1);
  }
  return out;
}

}  // namespace taskwatchd
