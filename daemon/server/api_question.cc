#include "server/api_question.h"

#include <algorithm>
#include <array>

#include "config/parse.h"
#include "server/web_text.h"

namespace taskwatchd {
namespace {

struct Route {
  std::string_view form;  // ID matches one segment of a path
  std::array<std::string_view, 6> parameters = {};
  std::string_view method = "GET";
};
// In the order of ApiRoute.
constexpr std::array<Route, 13> kRoutes = {{
    {"/api/v1/tasks/ID", {"account"}},
    {"/api/v1/distributions"},
    {"/api/v1/distributions/ID/failed.csv", {"account"}},
    {"/api/v1/status"},
    {"/api/v1/jobs"},
    {"/api/v1/tasks", {"job", "status", "account", "q", "limit", "cursor"}},
    {"/api/v1/transitions", {"since", "limit"}},
    {"/api/v1/events", {"last_event_id"}},
    {"/api/v1/mutes"},
    {"/api/v1/notify/ID/test", {"mention"}, "POST"},
    {"/api/v1/notify/ID/replay", {"since"}, "POST"},
    {"/api/v1/mutes", {"sink", "account", "job", "for", "comment"}, "POST"},
    {"/api/v1/mutes/ID", {}, "DELETE"},
}};
constexpr std::string_view kId = "ID";
constexpr std::size_t kParameters = 16;  // of a query; further ones are ignored

// Returns whether the path has that form; `id` is set to its segment at ID, still percent-encoded.
bool matches(std::string_view form, std::string_view path, std::string_view& id) {
  const std::size_t at = form.find(kId);
  if (at == std::string_view::npos) return path == form;
  const std::string_view before = form.substr(0, at);
  const std::string_view after = form.substr(at + kId.size());
  if (path.size() < before.size() + after.size() || !path.starts_with(before) ||
      !path.ends_with(after)) {
    return false;
  }
  id = path.substr(before.size(), path.size() - before.size() - after.size());
  return !id.empty() && id.find('/') == std::string_view::npos;
}

}  // namespace

std::string_view name(ApiRoute route) {
  return kRoutes[static_cast<std::size_t>(route)].form;
}

std::vector<std::string_view> parameters_of(ApiRoute route) {
  const auto& all = kRoutes[static_cast<std::size_t>(route)].parameters;
  return {all.begin(), std::find(all.begin(), all.end(), std::string_view())};
}

std::string ApiQuestion::parameter(std::string_view wanted) const {
  const auto found = std::find_if(query.begin(), query.end(),
                                  [&](const auto& pair) { return pair.first == wanted; });
  return found == query.end() ? std::string() : found->second;
}

ApiReply bad_data(int status, std::string error) {
  return {.status = status, .data = {}, .error_type = "bad_data", .error = std::move(error)};
}

std::vector<ApiRoute> find_routes(std::string_view path) {
  std::vector<ApiRoute> routes;
  std::string_view id;
  for (std::size_t i = 0; i < kRoutes.size(); ++i) {
    if (matches(kRoutes[i].form, path, id)) routes.push_back(static_cast<ApiRoute>(i));
  }
  return routes;
}

std::string_view method_of(ApiRoute route) {
  return kRoutes[static_cast<std::size_t>(route)].method;
}

std::variant<ApiQuestion, ApiReply> read_question(ApiRoute route, std::string_view path,
                                                  const WebRequest& request) {
  ApiQuestion question;
  question.route = route;
  std::string_view encoded;
  matches(name(route), path, encoded);
  if (!encoded.empty()) {
    const auto id = percent_decoded(encoded);
    if (!id || !is_valid_id(*id)) {
      return bad_data(400,
                      "an id is 1 to 128 printable ASCII characters without space, \", \\ and #");
    }
    question.id = *id;
  }
  auto query = query_parameters(request.target, kParameters);
  if (!query) return bad_data(400, "the query is not percent-encoded");
  question.query = *std::move(query);
  question.address = request.client;
  if (const std::string* last = request.header("last-event-id")) question.last_event_id = *last;
  return question;
}

ApiReply list_of(bool is_long, std::function<std::string()> make) {
  ApiReply reply;
  if (is_long) {
    reply.make_data = std::move(make);
  } else {
    reply.data = make();
  }
  return reply;
}

}  // namespace taskwatchd
