// Parsers of the local sources of the provider chain: the CLI's profiles and the INI file. No I/O.
// The texts are untrusted: a problem names the profile and the fix, and repeats no value except
// names of profiles and modes. Sources: github.com/aliyun/aliyun-cli, aliyun/credentials-go,
// -python.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cloud/key_recipe.h"
#include "core/types/time.h"

namespace taskwatchd {

inline constexpr std::size_t kCredentialFileLimit = 64 * 1024;  // bytes

// Values that the sources take from the environment.
struct CredentialDefaults {
  std::string file;              // included in problems
  std::string profile;           // ALIBABA_CLOUD_PROFILE; empty: the file's own default profile
  std::string sts_url;           // used unless the profile names a region
  bool sts_url_is_test = false;  // sts_url is used whatever the profile says
  Wall now{};                    // the time at which cached credentials must still be valid
};

// Cached credentials with less remaining lifetime than this are not used. Longer than the 25 s
// after which the daemon reads the file again (until then it keeps what it read), so that no call
// is signed with expired credentials.
inline constexpr std::chrono::seconds kLeastCachedLife{60};

// Parses ~/.aliyun/config.json. For modes that only the CLI supports (CloudSSO, OAuth, External,
// RsaKeyPair), the temporary credentials that it has cached are used while they are valid.
KeyCandidate parse_cli_profile(std::string_view json, const CredentialDefaults& defaults);
// Parses ~/.alibabacloud/credentials. If the section is disabled, the result has neither
// credentials nor a problem: `absent`.
struct IniCandidate {
  KeyCandidate candidate;
  bool absent = false;
};
IniCandidate parse_credentials_ini(std::string_view text, const CredentialDefaults& defaults);

}  // namespace taskwatchd
