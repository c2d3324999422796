#include "commands/targets.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace taskwatchd {
namespace {

constexpr std::size_t kMaxPlacesShown = 10;

struct Place {
  std::size_t account = 0;
  std::size_t instance = 0;
};

std::string list_places(const Config& config, const std::vector<Place>& places) {
  std::string text;
  for (std::size_t i = 0; i < places.size() && i < kMaxPlacesShown; ++i) {
    const AccountConfig& account = config.accounts[places[i].account];
    const InstanceConfig& instance = account.instances[places[i].instance];
    text += (i == 0 ? "" : ", ") + account.name + "/" + instance.name;
  }
  if (places.size() > kMaxPlacesShown) text += ", ...";
  return text;
}

std::vector<Place> all_places(const Config& config) {
  std::vector<Place> places;
  for (std::size_t a = 0; a < config.accounts.size(); ++a) {
    for (std::size_t i = 0; i < config.accounts[a].instances.size(); ++i) places.push_back({a, i});
  }
  return places;
}

bool fits(const Config& config, const PlaceHint& hint, Place place) {
  const AccountConfig& account = config.accounts[place.account];
  const InstanceConfig& instance = account.instances[place.instance];
  return (hint.account.empty() || account.name == hint.account) &&
         (hint.instance.empty() || instance.name == hint.instance || instance.id == hint.instance);
}

std::string no_such_place(const Config& config, const PlaceHint& hint) {
  std::string wanted;
  if (!hint.account.empty()) wanted += "--account=" + hint.account;
  if (!hint.instance.empty()) {
    wanted += (wanted.empty() ? "" : " ") + ("--instance=" + hint.instance);
  }
  return "the configuration has no " + wanted +
         "; it has (account/instance): " + list_places(config, all_places(config));
}

std::string ambiguous(const Config& config, const std::string& task,
                      const std::vector<Place>& places, bool listed) {
  return "task " + task + " is listed " + (listed ? "more than once" : "nowhere") +
         " in the configuration; set --account and --instance. Possible (account/instance): " +
         list_places(config, places);
}

}  // namespace

std::variant<std::vector<Target>, std::string> find_targets(
    const Config& config, const PlaceHint& hint, const std::vector<std::string>& task_ids) {
  std::vector<Place> places = all_places(config);
  std::erase_if(places, [&](Place place) { return !fits(config, hint, place); });
  if (places.empty()) return no_such_place(config, hint);

  const std::unordered_set<std::string_view> wanted(task_ids.begin(), task_ids.end());
  std::unordered_map<std::string_view, std::vector<Place>> listed;
  for (const Place place : places) {
    for (const std::string& id : config.accounts[place.account].instances[place.instance].tasks) {
      if (wanted.contains(id)) listed[id].push_back(place);
    }
  }

  std::vector<Target> targets;
  std::unordered_set<std::string_view> taken;
  for (const std::string& id : task_ids) {
    if (!taken.insert(id).second) continue;
    const auto at = listed.find(id);
    const std::vector<Place>& possible = at == listed.end() ? places : at->second;
    if (possible.size() > 1) return ambiguous(config, id, possible, at != listed.end());
    targets.push_back({id, possible[0].account, possible[0].instance});
  }
  return targets;
}

}  // namespace taskwatchd
