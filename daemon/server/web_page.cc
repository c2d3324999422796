#include "server/web_page.h"

#include "server/content_negotiation.h"
#include "web_assets.h"

namespace taskwatchd {
namespace {

// Only our own scripts run, nothing is sent to other sites, framing is forbidden, and text cannot
// become code.
constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'";
// File names change with their content.
constexpr char kForever[] = "public, max-age=31536000, immutable";
constexpr std::string_view kMetrics = "{{metrics}}";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

WebResponse with_type(std::string_view body, std::string type) {
  WebResponse response;
  response.content_type = std::move(type);
  response.body = body;
  return response;
}

// Relative to the page, so that a proxy may serve it below any path.
WebResponse index(std::string_view telemetry_path) {
  WebResponse response = with_type(kIndexHtml, "text/html; charset=utf-8");
  const std::string link = "." + escaped(telemetry_path);
  for (std::size_t at = 0; (at = response.body.find(kMetrics, at)) != std::string::npos;) {
    response.body.replace(at, kMetrics.size(), link);
    at += link.size();
  }
  return response;
}

}  // namespace

WebResponse status_page(const WebRequest& request, std::string_view path,
                        const std::string& route_prefix, const std::string& telemetry_path) {
  const ContentNegotiation negotiated = negotiate(request);
  WebResponse response;
  if (path == kScriptPath || path == kStylePath) {
    const bool script = path == kScriptPath;
    response = with_type(script ? kScript : kStyle,
                         script ? "text/javascript; charset=utf-8" : "text/css; charset=utf-8");
    response.headers.emplace_back("Cache-Control", kForever);
  } else if (path != "/") {
    response = with_type("not found\n", "text/plain; charset=utf-8");
    response.status = 404;
  } else if (request.target.substr(0, request.target.find('?')) == route_prefix) {
    // Without the slash, relative links would resolve to another path.
    response.status = 308;
    response.headers.emplace_back("Location", route_prefix + "/");
  } else {
    response = index(telemetry_path);
    spare(response, negotiated);
  }
  pack(response, negotiated);
  response.headers.emplace_back("Content-Security-Policy", kPolicy);
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  response.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  response.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
  return response;
}

}  // namespace taskwatchd
