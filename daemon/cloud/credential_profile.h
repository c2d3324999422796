// One profile of a credential file, made a recipe: what the CLI's file and the INI file have in
// common, though they name things differently. Internal to the cloud room.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cloud/credential_parse.h"

namespace taskwatchd {

class ProfileReader {
 public:
  // The value of a name; nothing if it is absent, and empty counts as absent.
  using Find = std::function<std::optional<std::string>(std::string_view)>;
  // `source` is what people read. All must outlive this.
  ProfileReader(std::string source, Find find, const CredentialDefaults& defaults)
      : source_(std::move(source)), find_(std::move(find)), defaults_(defaults) {}

  std::optional<std::string> find(std::string_view name) const { return find_(name); }
  KeyCandidate fail(const std::string& why) const;

  // `token`: the name that holds a security token; needed if `needs_token`, else only taken with an
  // id that STS gave.
  KeyCandidate keys(std::string_view token, bool needs_token) const;
  KeyCandidate ecs_role(std::string_view name) const;
  // What assumes a role. `signer` has no problem.
  KeyCandidate assume_role(const KeyCandidate& signer, std::string_view arn,
                           std::string_view session_name, std::string_view duration) const;
  KeyCandidate oidc_role(std::string_view arn, std::string_view session_name,
                         std::string_view duration, std::string_view token_file) const;

 private:
  KeyRecipe recipe(KeyRecipe::Kind kind) const;
  // What is wrong, or nothing; fills the role and where STS is.
  std::optional<std::string> read_role(KeyRecipe& recipe, std::string_view arn,
                                       std::string_view session_name,
                                       std::string_view duration) const;

  std::string source_;
  Find find_;
  const CredentialDefaults& defaults_;
};

// A name from a file, for people: cut, printable.
std::string shown_name(std::string_view text);

}  // namespace taskwatchd
