// Converts one profile of a credential file to a recipe. Shared by the CLI's file and the INI file,
// which use different names for the same settings. Internal to cloud/.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cloud/credential_parse.h"

namespace taskwatchd {

class ProfileReader {
 public:
  // Returns the value of a name; nullopt if it is absent or empty.
  using Find = std::function<std::optional<std::string>(std::string_view)>;
  // `source` is the human-readable name of the source. All arguments must outlive this object.
  ProfileReader(std::string source, Find find, const CredentialDefaults& defaults)
      : source_(std::move(source)), find_(std::move(find)), defaults_(defaults) {}

  std::optional<std::string> find(std::string_view name) const { return find_(name); }
  KeyCandidate fail(const std::string& why) const;

  // `token`: the name of the security token's setting. If `needs_token`, the token is required;
  // otherwise it is used only with an AccessKey id issued by STS.
  KeyCandidate keys(std::string_view token, bool needs_token) const;
  KeyCandidate ecs_role(std::string_view name) const;
  // Returns a recipe that assumes a role. REQUIRES: `signer` has no problem.
  KeyCandidate assume_role(const KeyCandidate& signer, std::string_view arn,
                           std::string_view session_name, std::string_view duration) const;
  KeyCandidate oidc_role(std::string_view arn, std::string_view session_name,
                         std::string_view duration, std::string_view token_file) const;

 private:
  KeyRecipe recipe(KeyRecipe::Kind kind) const;
  // Returns the problem, or nullopt; sets the role and the STS URL of the recipe.
  std::optional<std::string> read_role(KeyRecipe& recipe, std::string_view arn,
                                       std::string_view session_name,
                                       std::string_view duration) const;

  std::string source_;
  Find find_;
  const CredentialDefaults& defaults_;
};

// A name from a file, truncated and printable, for messages.
std::string shown_name(std::string_view text);

}  // namespace taskwatchd
