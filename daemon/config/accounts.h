// Reads the `accounts` part of the file. Checks across instances (duplicate names and ids) are here
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

// Reads the credentials of one account: files or an id, never a secret itself.
CredentialsConfig read_credentials(Section section, const ParseContext& context);

// Where each of an instance's `tasks` and `jobs` is in the file.
struct IdPlaces {
  std::vector<YamlPlace> tasks;
  std::vector<YamlPlace> jobs;
};

// Reads one instance, without the checks across instances.
InstanceConfig read_instance(Section& section, const ParseContext& context, IdPlaces& places);

// Reads `discover_jobs`: true, or a map of settings that differ from the defaults. Returns nullopt
// for false.
std::optional<DiscoverJobs> read_discover_jobs(Section& instance);

// Reads `distributions` and related keys. REQUIRES: account.instances have been read.
DistributionsConfig read_distributions(Section& section, const AccountConfig& account);

// Reads the ids in the list at `key`, with their positions. Invalid ids are reported and skipped;
// `source` names where in the console or API the ids are found.
void read_ids(Section& section, std::string_view key, const std::string& noun,
              const std::string& source, std::vector<std::string>& ids,
              std::vector<YamlPlace>& places);
// Reports each id that is already in `lines` (with the line of its first occurrence) or twice in
// `ids`.
void check_ids(const std::string& noun, const std::string& remedy,
               const std::vector<std::string>& ids, const std::vector<YamlPlace>& places,
               std::unordered_map<std::string, int>& lines, Problems& problems);

// Returns the value of `key` as an absolute path; empty if absent or invalid (which is reported).
std::string read_path(Section& section, std::string_view key, const ParseContext& context);

}  // namespace taskwatchd
