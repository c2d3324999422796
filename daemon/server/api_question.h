// The queries and responses of the API: plain values between the routes (web.h) and the code that
// responds (api_answers.h). No I/O.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "io/http/http_server.h"

namespace taskwatchd {

enum class ApiRoute : std::uint8_t {
  kTask,
  kDistributions,
  kFailedDevices,
  kStatus,
  kJobs,
  kTasks,
  kTransitions,
  kEvents,
  kMutes,
  kTestSink,  // from here on they change something
  kReplay,
  kMute,
  kUnmute,
};
std::string_view name(ApiRoute route);  // "/api/v1/tasks/ID"
constexpr bool changes(ApiRoute route) {
  return route >= ApiRoute::kTestSink;
}
// The names of all query parameters that the route accepts.
std::vector<std::string_view> parameters_of(ApiRoute route);

// One query, its path and parameters decoded.
struct ApiQuestion {
  ApiRoute route = ApiRoute::kTask;
  std::string id;  // from the path; empty if the route has none
  std::vector<std::pair<std::string, std::string>> query;
  std::string last_event_id = {};  // the header of that name
  std::string user = {};           // authenticated; empty: no authentication
  std::string address = {};        // of the client
  // The first value of that name; empty if absent.
  std::string parameter(std::string_view name) const;
};

// The API's response: `data`, or an error.
struct ApiReply {
  int status = 200;
  std::string data;
  std::string error_type = {};  // not_found, bad_data, unavailable, not_here
  std::string error = {};       // human-readable
  // Makes `data`, if that takes too long for the event loop; called on another thread.
  std::function<std::string()> make_data = {};
  std::string content_type = {};           // of `data`, which is sent unchanged; empty: JSON
  std::shared_ptr<WebStream> stream = {};  // instead of `data`
  // Of a not_here: the replica that holds the account. Each is empty if it is not known.
  std::string holder = {};      // name
  std::string holder_url = {};  // http or https
};

// The routes of a path below /api/, one per method; empty for an unknown path.
std::vector<ApiRoute> find_routes(std::string_view path);
// GET, POST or DELETE. HEAD is a GET.
std::string_view method_of(ApiRoute route);
// Returns the query of a request of that route, or the error response. REQUIRES: find_routes(path)
// has that route.
std::variant<ApiQuestion, ApiReply> read_question(ApiRoute route, std::string_view path,
                                                  const WebRequest& request);
ApiReply bad_data(int status, std::string error);
// 200 with what `make` returns: a long list is made on another thread, a short one at once.
ApiReply list_of(bool is_long, std::function<std::string()> make);

}  // namespace taskwatchd
