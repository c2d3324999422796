#include "commands/daemon_text.h"

#include <fmt/format.h>

#include "core/events/device_text.h"
#include "core/types/exit_code.h"

namespace taskwatchd {
namespace {

using Element = simdjson::dom::element;

constexpr std::size_t kMaxDepth = 32;  // nesting levels

DaemonText failed(int exit_code, std::string text) {
  return {exit_code, std::move(text), true};
}

std::string raw_text_of(const Element& object, std::string_view key) {
  std::string_view text;
  if (object[key].get_string().get(text) != simdjson::SUCCESS) return {};
  return std::string(text);
}

}  // namespace

std::string text_of(const Element& object, std::string_view key) {
  Element value;
  if (object[key].get(value) != simdjson::SUCCESS) return {};
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) return escape_controls(text);
  return simdjson::minify(value);
}

bool is_true(const Element& object, std::string_view key) {
  bool value = false;
  return object[key].get_bool().get(value) == simdjson::SUCCESS && value;
}

std::vector<Element> list_of(const Element& object, std::string_view key) {
  simdjson::dom::array list;
  if (object[key].get_array().get(list) != simdjson::SUCCESS) return {};
  return {list.begin(), list.end()};
}

DaemonText daemon_text(int http_status, std::string_view body, const RenderData& render) {
  if (http_status == 401) {
    return failed(kExitUnavailable,
                  "the daemon requires a login; set --user and --password-file to a user of its "
                  "basic_auth_users");
  }
  simdjson::dom::parser parser;
  Element root;
  const bool read = parser.allocate(body.size(), kMaxDepth) == simdjson::SUCCESS &&
                    parser.parse(body.data(), body.size()).get(root) == simdjson::SUCCESS &&
                    root.is_object();
  const std::string status = read ? text_of(root, "status") : std::string();
  if (status == "error") {
    const bool later = http_status == 503;
    DaemonText out = failed(later ? kExitUnavailable : kExitOther, text_of(root, "error"));
    if (http_status == 421) {
      out.holder = raw_text_of(root, "holder");
      out.holder_url = raw_text_of(root, "holder_url");
    }
    return out;
  }
  Element data;
  if (status != "success" || root["data"].get(data) != simdjson::SUCCESS || !data.is_object()) {
    return failed(kExitUnavailable,
                  fmt::format("the server that responds (HTTP {}) is not a taskwatchd that can do "
                              "this; set --url to the address of the daemon",
                              http_status));
  }
  return render(data);
}

}  // namespace taskwatchd
