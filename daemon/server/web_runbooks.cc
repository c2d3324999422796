#include "server/web_runbooks.h"

#include <algorithm>

#include "runbooks.h"
#include "server/content_negotiation.h"

namespace taskwatchd {
namespace {

constexpr std::string_view kFolder = "/runbooks/";

// `?lang=` takes precedence over the browser's preference.
std::string_view language_of(const WebRequest& request, const ContentNegotiation& negotiated) {
  const std::string& target = request.target;
  const std::string_view query =
      std::string_view(target).substr(std::min(target.find('?'), target.size()));
  if (query == "?lang=zh") return "zh";
  if (query == "?lang=en") return "en";
  return negotiated.chinese ? "zh" : "en";
}

}  // namespace

bool is_runbook(std::string_view path) {
  return path.starts_with(kFolder) || path == kFolder.substr(0, kFolder.size() - 1);
}

WebResponse runbook_page(const WebRequest& request, std::string_view path,
                         const std::string& route_prefix) {
  WebResponse response;
  if (!path.starts_with(kFolder)) {
    // Without the slash, relative links would resolve to another path.
    response.status = 308;
    response.headers.emplace_back("Location", route_prefix + std::string(kFolder));
    return response;
  }
  const ContentNegotiation negotiated = negotiate(request);
  const std::string_view name = path.substr(kFolder.size());
  const std::string_view language = language_of(request, negotiated);
  const auto found = std::find_if(kRunbooks.begin(), kRunbooks.end(), [&](const Runbook& one) {
    return one.name == name && one.language == language;
  });
  if (found == kRunbooks.end()) {
    response.status = 404;
    response.body = "no such runbook; " + route_prefix + std::string(kFolder) + " lists them\n";
    return response;
  }
  response.content_type = "text/html; charset=utf-8";
  response.body = found->html;
  spare(response, negotiated);
  pack(response, negotiated);
  response.headers.emplace_back("Vary", "Accept-Language");
  response.headers.emplace_back("Content-Security-Policy", kRunbookPolicy);
  response.headers.emplace_back("Content-Language", found->language == "zh" ? "zh-CN" : "en");
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  return response;
}

}  // namespace taskwatchd
