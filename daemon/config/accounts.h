// The `accounts` part of the file. Checks across its instances (names, ids given twice) are here
// too.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "config/parse.h"
#include "config/section.h"

namespace taskwatchd {

std::vector<AccountConfig> read_accounts(Section& root, const ParseContext& context);

// One account's keys: which file or id, never a secret itself.
CredentialsConfig read_credentials(Section section, const ParseContext& context);

// One instance, alone; `ids` gets the place of each of `tasks`.
InstanceConfig read_instance(Section& section, const ParseContext& context,
                             std::vector<YamlPlace>& ids);

// The value of `key` as an absolute path; empty if absent or wrong (then reported).
std::string read_path(Section& section, std::string_view key, const ParseContext& context);

}  // namespace taskwatchd
