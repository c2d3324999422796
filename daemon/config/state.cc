#include "config/state.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "config/accounts.h"
#include "config/state_url.h"
#include "config/url.h"

namespace taskwatchd {
namespace {

constexpr const char* kDefaultStatePath = "/var/lib/taskwatchd/state.db";
constexpr std::size_t kMaxReplicaNameBytes = 63;  // as a label of a host name, the default

// The messages of parse_state_url show no value. Section::refuse would name an unusual character
// of the URL, possibly one of a password.
void read_url(Section& state, Config& config) {
  const auto url = state.text("url");
  if (!url) return;
  const auto parsed = parse_state_url(*url);
  if (const auto* problem = std::get_if<std::string>(&parsed)) {
    state.problems().add(state.place_of("url"), "`url` " + *problem);
  }
  config.state_url = *url;
}

void read_schema(Section& state, Config& config) {
  const auto schema = state.text("schema");
  if (!schema) return;
  config.state_schema = *schema;
  if (is_schema_name(*schema)) return;
  state.refuse("schema", "schema " + shown(*schema) +
                             " must be 1 to 63 of a-z, 0-9 and _, not begin with a digit or pg_; "
                             "rename it");
}

void require_url(Section& state, std::string_view key) {
  if (!state.has(key) || state.has("url") || state.is_cut_off()) return;
  state.refuse(key, "`" + std::string(key) +
                        "` is used only with PostgreSQL; set `url` in `state`, or remove it");
}

bool is_replica_name(const std::string& text) {
  return text.size() <= kMaxReplicaNameBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace

bool read_state(Section& root, const ParseContext& context, Config& config) {
  config.state_path =
      context.state_directory.empty() ? kDefaultStatePath : context.state_directory + "/state.db";
  auto state = root.section("`state`", "state");
  if (!state) return root.is_cut_off();
  const bool has_url = state->has("url");
  std::string path = read_path(*state, "path", context);
  if (state->has("path")) config.state_path = std::move(path);
  if (has_url) config.state_path.clear();
  if (has_url && state->has("path")) {
    state->refuse("path",
                  "`path` and `url` are both set; remove `path` to use PostgreSQL, or `url` to use "
                  "the file");
  }
  read_url(*state, config);
  config.state_password_file = read_path(*state, "password_file", context);
  read_schema(*state, config);
  require_url(*state, "password_file");
  require_url(*state, "schema");
  config.retain = state->duration("retain").value_or(config.retain);
  state->finish();
  return has_url || state->is_cut_off();
}

void read_replica(Section& root, bool has_state_url, Config& config) {
  auto replica = root.section("`replica`", "replica");
  if (!replica) return;
  if (!has_state_url && !root.is_cut_off()) {
    root.refuse("replica",
                "`replica` needs `state.url`: replicas share a PostgreSQL database; set `url` in "
                "`state`, or remove `replica`");
  }
  if (const auto name = replica->text("name")) {
    config.replica_name = *name;
    if (!is_replica_name(*name)) {
      replica->refuse("name", "replica name " + shown(*name) +
                                  " must be 1 to 63 printable ASCII characters without space; "
                                  "rename it");
    }
  }
  if (const auto url = replica->text("url")) {
    if (const auto problem = replica_url_problem(*url)) {
      replica->problems().add(replica->place_of("url"), "`url` " + *problem);
    } else {
      config.replica_url = *url;
      if (config.replica_url.ends_with('/')) config.replica_url.pop_back();
    }
  }
  replica->finish();
}

}  // namespace taskwatchd
