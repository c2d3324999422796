#include "config/restart.h"

namespace taskwatchd {
namespace {

struct Setting {
  const char* key;
  std::string Config::*value;
};
constexpr Setting kSettings[] = {
    {"state.path", &Config::state_path},
    {"state.url", &Config::state_url},
    {"state.password_file", &Config::state_password_file},
    {"state.schema", &Config::state_schema},
    {"replica.name", &Config::replica_name},
    {"replica.url", &Config::replica_url},
};

}  // namespace

std::vector<std::string> restart_needed(const Config& from, const Config& to) {
  const bool changes_engine = from.state_url.empty() != to.state_url.empty();
  std::vector<std::string> keys;
  for (const Setting& setting : kSettings) {
    if (from.*setting.value == to.*setting.value) continue;
    if (changes_engine && setting.value == &Config::state_path) continue;
    keys.emplace_back(setting.key);
  }
  return keys;
}

void keep_until_restart(const Config& active, Config& next) {
  for (const Setting& setting : kSettings) next.*setting.value = active.*setting.value;
}

}  // namespace taskwatchd
