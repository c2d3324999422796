// What the local sources of the provider chain contain: the CLI's profiles and the INI file. Pure.
// Texts are untrusted: a problem names the profile and the mend, and repeats no value but names of
// profiles and modes. Sources: github.com/aliyun/aliyun-cli, aliyun/credentials-go, -python.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cloud/key_recipe.h"

namespace taskwatchd {

inline constexpr std::size_t kCredentialFileLimit = 64 * 1024;  // bytes

// What the sources take from their surroundings.
struct CredentialDefaults {
  std::string file;              // named in problems
  std::string profile;           // ALIBABA_CLOUD_PROFILE; empty: the file's own choice
  std::string sts_url;           // unless the profile names a region
  bool sts_url_is_test = false;  // it stands whatever the profile says
};

// ~/.aliyun/config.json.
KeyCandidate parse_cli_profile(std::string_view json, const CredentialDefaults& defaults);
// ~/.alibabacloud/credentials. Nothing to use and no problem if the section is disabled: `absent`.
struct IniCandidate {
  KeyCandidate candidate;
  bool absent = false;
};
IniCandidate parse_credentials_ini(std::string_view text, const CredentialDefaults& defaults);

}  // namespace taskwatchd
