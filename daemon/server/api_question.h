// What the API can be asked for, and what it says: plain values between the routes (web.h) and the
// answers (api_answers.h). Pure.
#pragma once

#include <cstdint>
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
};
std::string_view name(ApiRoute route);  // "/api/v1/tasks/ID"
// The names of all query parameters that it takes.
std::vector<std::string_view> parameters_of(ApiRoute route);

// One question, its path and query decoded.
struct ApiQuestion {
  ApiRoute route = ApiRoute::kTask;
  std::string id;  // that the path names; empty if it names none
  std::vector<std::pair<std::string, std::string>> query;
  std::string last_event_id = {};  // the header of that name
  // The first value of that name; empty without one.
  std::string parameter(std::string_view name) const;
};

// What the API says: `data`, or why there is none.
struct ApiReply {
  int status = 200;
  std::string data;
  std::string error_type = {};             // not_found, bad_data, unavailable
  std::string error = {};                  // for people
  std::string content_type = {};           // of `data` as it stands; empty: JSON
  std::shared_ptr<WebStream> stream = {};  // instead of `data`
};

// The route of a path below /api/; nothing: there is none.
std::optional<ApiRoute> find_route(std::string_view path);
// A GET of that route, or why it cannot be answered.
// REQUIRES: find_route(path) is that route.
std::variant<ApiQuestion, ApiReply> read_question(ApiRoute route, std::string_view path,
                                                  const WebRequest& request);
ApiReply bad_data(int status, std::string error);

}  // namespace taskwatchd
