// The `accounts` part of the file. Checks across its instances (names, ids given twice) are here
// too.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/config.h"
#include "config/parse.h"
#include "config/section.h"

namespace taskwatchd {

std::vector<AccountConfig> read_accounts(Section& root, const ParseContext& context);

// One account's keys: which file or id, never a secret itself.
CredentialsConfig read_credentials(Section section, const ParseContext& context);

// Where each of an instance's `tasks` and `jobs` stands.
struct IdPlaces {
  std::vector<YamlPlace> tasks;
  std::vector<YamlPlace> jobs;
};

// One instance, alone.
InstanceConfig read_instance(Section& section, const ParseContext& context, IdPlaces& places);

// `discover_jobs`: true, or a map with what differs from the defaults; nothing for false.
std::optional<DiscoverJobs> read_discover_jobs(Section& instance);

// `distributions` and what belongs to them. REQUIRES: account.instances are read.
DistributionsConfig read_distributions(Section& section, const AccountConfig& account);

// The ids in the list at `key`, with their places. Wrong ones are reported and left out; `source`
// names the console's or API's place that they are copied from.
void read_ids(Section& section, std::string_view key, const std::string& noun,
              const std::string& source, std::vector<std::string>& ids,
              std::vector<YamlPlace>& places);
// Reports each id that stands in `lines`, with the line where it was first, or twice in `ids`.
void check_ids(const std::string& noun, const std::string& mend,
               const std::vector<std::string>& ids, const std::vector<YamlPlace>& places,
               std::unordered_map<std::string, int>& lines, Problems& problems);

// The value of `key` as an absolute path; empty if absent or wrong (then reported).
std::string read_path(Section& section, std::string_view key, const ParseContext& context);

}  // namespace taskwatchd
