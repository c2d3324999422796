#include "core/events/redact.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/types/ascii.h"

namespace taskwatchd {
namespace {

constexpr std::string_view kRedacted = "REDACTED";

// Lower case, without - and _. A name that contains one of these belongs to a credential:
// AccessKeyId, OSSAccessKeyId, x-oss-signature-version, X-Amz-Date, SignatureNonce, ...
constexpr std::array<std::string_view, 8> kCredentialNames = {
    "accesskey", "signature", "expires", "securitytoken", "credential", "xoss", "xamz", "xacs"};

// Equivalents of = or : after a name: plain, percent-encoded (once, twice), and as JSON writers
// escape them. Lower case.
constexpr std::array<std::string_view, 8> kSeparators = {"=",       ":",   "%3d",   "%253d",
                                                         "\\u003d", "%3a", "%253a", "\\u003a"};
// Encoded equivalents of & after a value, in addition to kValueStops.
constexpr std::array<std::string_view, 2> kNextParameter = {"%26", "%2526"};
constexpr std::string_view kValueStops = "&\"',;}]<>\\";

// A part of the text to remove.
struct Span {
  std::size_t from = 0;
  std::size_t to = 0;
};
using Spans = std::vector<Span>;

void mark(Spans& spans, std::size_t from, std::size_t to) {
  if (from < to) spans.push_back({from, to});
}

bool is_name_char(char c) {
  const char l = ascii_lower(c);
  return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// Characters that end a URL: none of these may occur unencoded in one.
bool ends_url(char c) {
  return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '<' || c == '>' || c == 0x7F;
}

template <std::size_t N>
std::size_t match_any(std::string_view text, const std::array<std::string_view, N>& words) {
  for (const std::string_view word : words) {
    if (is_word(text.substr(0, word.size()), word)) return word.size();
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

// The width of "://" after a scheme, also as escaped by some JSON writers; 0 if there is none.
std::size_t scheme_mark(std::string_view text) {
  if (text.starts_with("://")) return 3;
  if (text.starts_with(":\\/\\/")) return 5;
  return 0;
}

// Marks user and password before the host, and everything from the first ? to the URL's end.
void mark_urls(std::string_view text, Spans& spans) {
  std::size_t end = 0;  // end of the current URL
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::size_t width = scheme_mark(text.substr(at));
    if (width == 0) continue;
    const std::size_t body = at + width;
    if (body >= end) {
      end = body;
      while (end < text.size() && !ends_url(text[end])) ++end;
      const std::size_t query = text.substr(0, end).find('?', body);
      if (query != std::string_view::npos) mark(spans, query + 1, end);
    }
    const std::string_view rest = text.substr(body, end - body);
    const std::size_t at_sign = rest.substr(0, rest.find_first_of("/?#\\")).rfind('@');
    if (at_sign != std::string_view::npos) mark(spans, body, body + at_sign);
  }
}

// Skips blanks and a quote that may be escaped; `quote` becomes that quote, if any.
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

// Returns where a value without quotes ends.
std::size_t bare_end(std::string_view text, std::size_t at) {
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (static_cast<unsigned char>(c) <= ' ') break;
    if (kValueStops.find(c) != std::string_view::npos) break;
    if (c == '%' && match_any(text.substr(at), kNextParameter) > 0) break;
  }
  return at;
}

// Marks the values of credential parameters.
void mark_parameters(std::string_view text, Spans& spans) {
  Span bare;  // the last one: a name inside it has a value with the same end
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::size_t first = at;
    while (at < text.size() && is_name_char(text[at])) ++at;
    if (first == at || !names_credential(text.substr(first, at - first))) continue;
    char quote = 0;
    std::size_t separator = skip_quote(text, at, quote);
    while (separator < text.size() && is_blank(text[separator])) ++separator;
    const std::size_t width = match_any(text.substr(separator), kSeparators);
    if (width > 0) {
      quote = 0;
      const std::size_t value = skip_quote(text, separator + width, quote);
      if (quote != 0) {
        mark(spans, value, std::min(text.find(quote, value), text.size()));
      } else {
        if (value >= bare.to) bare = {value, bare_end(text, value)};
        mark(spans, value, bare.to);
      }
    }
  }
}

}  // namespace

std::string redact(std::string_view text) {
  Spans spans;
  mark_urls(text, spans);
  mark_parameters(text, spans);
  std::sort(spans.begin(), spans.end(), [](Span a, Span b) { return a.from < b.from; });
  std::string out;
  std::size_t at = 0;
  for (auto span = spans.begin(); span != spans.end();) {
    Span whole = *span;
    for (; span != spans.end() && span->from <= whole.to; ++span) {
      whole.to = std::max(whole.to, span->to);
    }
    out += text.substr(at, whole.from - at);
    out += kRedacted;
    at = whole.to;
  }
  out += text.substr(at);
  return out;
}

}  // namespace taskwatchd
