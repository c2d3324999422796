#include "server/content_negotiation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <functional>
#include <string_view>

#include "io/http/gzip.h"

namespace taskwatchd {
namespace {

constexpr std::string_view kOpenMetrics = "application/openmetrics-text";

std::string lower_without_spaces(const std::string* header) {
  std::string text = header == nullptr ? "" : *header;
  std::erase_if(text, [](char c) { return c == ' ' || c == '\t'; });
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// Removes and returns the part up to the separator.
std::string_view take(std::string_view& rest, char separator) {
  const std::string_view part = rest.substr(0, rest.find(separator));
  rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  return part;
}

struct Offer {
  std::string_view name;
  std::string_view version;  // empty: any
  double weight = 1;
};

// Parses one element of an Accept header. RFC 9110 12.4.2.
Offer offer_of(std::string_view element) {
  Offer offer{.name = take(element, ';'), .version = {}};
  while (!element.empty()) {
    std::string_view parameter = take(element, ';');
    const std::string_view name = take(parameter, '=');
    if (name == "version") offer.version = parameter;
    if (name != "q") continue;
    const char* const end = parameter.data() + parameter.size();
    const auto [stopped, failed] = std::from_chars(parameter.data(), end, offer.weight);
    if (failed != std::errc() || stopped != end) offer.weight = 0;
  }
  return offer;
}

// True if OpenMetrics 1.0 is preferred at least as much as the older format. `*` means the older
// one: a client that names no format gets the one that every client supports.
bool wants_openmetrics(std::string_view accept) {
  double ours = 0, plain = 0;
  while (!accept.empty()) {
    const Offer offer = offer_of(take(accept, ','));
    const bool known = offer.version.empty() || offer.version == "1.0.0";
    if (offer.name == kOpenMetrics && known) ours = std::max(ours, offer.weight);
    if (offer.name == "text/plain") plain = std::max(plain, offer.weight);
  }
  return ours > 0 && ours >= plain;
}

// RFC 9110 12.5.4. `*` has no effect: the pages exist in both languages.
bool prefers_chinese(std::string_view languages) {
  double chinese = 0, english = 0;
  while (!languages.empty()) {
    const Offer offer = offer_of(take(languages, ','));
    const std::string_view primary = offer.name.substr(0, offer.name.find('-'));
    if (primary == "zh") chinese = std::max(chinese, offer.weight);
    if (primary == "en") english = std::max(english, offer.weight);
  }
  return chinese > english;
}

bool takes_gzip(std::string_view accept) {
  while (!accept.empty()) {
    const Offer offer = offer_of(take(accept, ','));
    if (offer.name == "gzip") return offer.weight > 0;
  }
  return false;
}

bool holds(std::string_view known, std::string_view tag) {
  while (!known.empty()) {
    std::string_view one = take(known, ',');
    while (one.starts_with(' ') || one.starts_with('\t')) one.remove_prefix(1);
    while (one.ends_with(' ') || one.ends_with('\t')) one.remove_suffix(1);
    if (one == "*" || one == tag) return true;
    // Weak comparison: W/ is ignored.
    if (one == tag.substr(2)) return true;
  }
  return false;
}

}  // namespace

ContentNegotiation negotiate(const WebRequest& request) {
  const std::string* const known = request.header("if-none-match");
  return {.gzip = takes_gzip(lower_without_spaces(request.header("accept-encoding"))),
          .openmetrics = wants_openmetrics(lower_without_spaces(request.header("accept"))),
          .chinese = prefers_chinese(lower_without_spaces(request.header("accept-language"))),
          .known = known == nullptr ? "" : *known};
}

void pack(WebResponse& response, const ContentNegotiation& negotiated) {
  if (response.stream) return;
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (!negotiated.gzip || response.body.size() < kGzipFrom) return;
  response.body = gzip(response.body);
  response.headers.emplace_back("Content-Encoding", "gzip");
}

void spare(WebResponse& response, const ContentNegotiation& negotiated) {
  if (response.stream || response.status != 200) return;
  const std::string tag = fmt::format("W/\"{:016x}\"", std::hash<std::string>()(response.body));
  response.headers.emplace_back("ETag", tag);
  response.headers.emplace_back("Cache-Control", "no-cache");
  if (!holds(negotiated.known, tag)) return;
  response.status = 304;
  response.body.clear();
}

}  // namespace taskwatchd
