// The `accounts` part of the file. Checks across its instances (names, ids given twice) are here
// too.
#pragma once

#include <optional>
#include <string>
#include <string_view>
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

// The value of `key` as an absolute path; empty if absent or wrong (then reported).
std::string read_path(Section& section, std::string_view key, const ParseContext& context);

}  // namespace taskwatchd
