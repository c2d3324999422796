// What the local sources of the provider chain contain: the CLI's profiles and the INI file. Pure.
// Texts are untrusted: a problem names the profile and the mend, and repeats no value but names of
// profiles and modes. Sources: github.com/aliyun/aliyun-cli, aliyun/credentials-go, -python.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cloud/key_recipe.h"
#include "core/types/time.h"

namespace taskwatchd {

inline constexpr std::size_t kCredentialFileLimit = 64 * 1024;  // bytes

// What the sources take from their surroundings.
struct CredentialDefaults {
  std::string file;              // named in problems
  std::string profile;           // ALIBABA_CLOUD_PROFILE; empty: the file's own choice
  std::string sts_url;           // unless the profile names a region
  bool sts_url_is_test = false;  // it stands whatever the profile says
  Wall now{};                    // by which keys that the CLI has cached are still valid
};

// Cached keys with less than this left are not taken. More than the 25 s in which the daemon looks
// at the file again and keeps what it read before: so no call is signed by keys that have ended.
inline constexpr std::chrono::seconds kLeastCachedLife{60};

// ~/.aliyun/config.json. Of modes that only the CLI can carry out (CloudSSO, OAuth, External,
// RsaKeyPair) the temporary keys that it has cached are taken, while they are valid.
KeyCandidate parse_cli_profile(std::string_view json, const CredentialDefaults& defaults);
// ~/.alibabacloud/credentials. Nothing to use and no problem if the section is disabled: `absent`.
struct IniCandidate {
  KeyCandidate candidate;
  bool absent = false;
};
IniCandidate parse_credentials_ini(std::string_view text, const CredentialDefaults& defaults);

}  // namespace taskwatchd
