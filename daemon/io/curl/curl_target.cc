#include "io/curl/curl_target.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <memory>

namespace taskwatchd {
namespace {

using Url = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return {};
  std::string copy = text;
  curl_free(text);
  return copy;
}

void classify(CurlTarget& target) {
  if (target.host.starts_with('[') && target.host.ends_with(']')) {
    target.host = target.host.substr(1, target.host.size() - 2);
  }
  in_addr v4{};
  in6_addr v6{};
  if (inet_pton(AF_INET, target.host.c_str(), &v4) == 1) {
    target.literal = true;
    target.loopback = (ntohl(v4.s_addr) >> 24) == 127;
  } else if (inet_pton(AF_INET6, target.host.c_str(), &v6) == 1) {
    target.literal = true;
    target.loopback = IN6_IS_ADDR_LOOPBACK(&v6);
  } else {
    target.loopback = target.host == "localhost";
  }
}

std::optional<CurlTarget> parse(const std::string& text, unsigned flags) {
  // libcurl would stop at a NUL and convert non-ASCII bytes by IDN rules.
  const auto plain = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!std::all_of(text.begin(), text.end(), plain)) return std::nullopt;
  const Url url(curl_url(), curl_url_cleanup);
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), flags) != CURLUE_OK) {
    return std::nullopt;
  }
  CurlTarget target{part(url.get(), CURLUPART_SCHEME), part(url.get(), CURLUPART_HOST),
                    part(url.get(), CURLUPART_PORT)};
  if (target.scheme != "http" && target.scheme != "https") return std::nullopt;
  if (target.host.empty()) return std::nullopt;
  std::transform(target.host.begin(), target.host.end(), target.host.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  classify(target);
  return target;
}

}  // namespace

std::string CurlTarget::where() const {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port;
}

std::optional<CurlTarget> parse_target(const std::string& url) {
  auto target = parse(url, CURLU_DISALLOW_USER);
  if (target && target->port.empty()) target->port = target->scheme == "https" ? "443" : "80";
  return target;
}

std::optional<CurlTarget> parse_proxy(const std::string& proxy) {
  auto target = parse(proxy, CURLU_DEFAULT_SCHEME);
  // libcurl takes a proxy without a scheme for an HTTP proxy.
  if (target && proxy.find("://") == std::string::npos) target = parse("http://" + proxy, 0);
  if (target && target->port.empty()) target->port = target->scheme == "https" ? "443" : "1080";
  return target;
}

}  // namespace taskwatchd
