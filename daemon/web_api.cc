// The routes below /api/: JSON, read only, and asked by a Host that is ours.
#include "config/parse.h"
#include "web.h"
#include "web_text.h"

namespace taskwatchd {
namespace {

constexpr char kTasks[] = "/api/v1/tasks/";
constexpr char kTaskHandler[] = "/api/v1/tasks/ID";

ApiReply bad_data(int status, std::string error) {
  return {status, {}, "bad_data", std::move(error)};
}

}  // namespace

WebAnswer Web::api(const WebRequest& request, const std::string& path) const {
  const bool is_task = path.starts_with(kTasks);
  const std::string handler = is_task ? kTaskHandler : "other";
  const auto refuse = [&](const ApiReply& why) { return finish({handler, api_response(why)}); };
  if (!host_allowed(request)) return refuse(bad_data(403, "this Host is not served here"));
  const std::string rest = is_task ? path.substr(sizeof kTasks - 1) : std::string();
  if (rest.empty() || rest.find('/') != std::string::npos) {
    return refuse({404, {}, "not_found", "there is no such path"});
  }
  if (request.method != "GET" && request.method != "HEAD") {
    WebResponse response = api_response(bad_data(405, "use GET"));
    response.headers.emplace_back("Allow", "GET");
    return finish({handler, std::move(response)});
  }
  const auto id = percent_decoded(rest);
  if (!id || !is_valid_id(*id)) {
    return refuse(bad_data(
        400, "a task id is 1 to 128 printable ASCII characters without space, \", \\ and #"));
  }
  const auto account = query_parameter(request.target, "account");
  if (!account) return refuse(bad_data(400, "the query is not percent-encoded"));
  return task(*id, *account);
}

boost::asio::awaitable<WebResponse> Web::task(std::string task_id, std::string account) const {
  const ApiReply reply = co_await pages_.task(std::move(task_id), std::move(account));
  co_return finish({kTaskHandler, api_response(reply)});
}

}  // namespace taskwatchd
