// Which sources of keys there are for an account, in the order of the official provider chain:
// environment, OIDC, CLI profile, INI file, ECS role, URI; or the one that its configuration names.
// Loop's thread. Reads small local files; asks nobody on the network.
#pragma once

#include <string>
#include <vector>

#include "cloud/credential_parse.h"
#include "cloud/key_recipe.h"
#include "ports.h"

namespace taskwatchd {

// The source of keys in files that the account's configuration names: they have a grace of their
// own.
inline constexpr char kKeyFilesSource[] = "the AccessKey files";

class CredentialPlaces {
 public:
  // Both must outlive this.
  CredentialPlaces(KeySource& files, LocalSecrets& local);

  // Empty: there is none. Looks at the files anew. By `now` keys that other programs have cached
  // are still valid or not.
  std::vector<KeyCandidate> look(const AccountConfig& account, Wall now);

  // Where the ECS metadata service is, and whether its first version, which asks for no token, may
  // be used.
  const std::string& metadata_url() const { return metadata_url_; }
  bool metadata_v1() const { return !is_set("ALIBABA_CLOUD_IMDSV1_DISABLED"); }

 private:
  // Without the blanks and quotes around it: not every program that sets it takes these off.
  std::string variable(const char* name) const;
  bool is_set(const char* name) const;  // 1 or true
  std::string test_url(const char* name);
  std::vector<KeyCandidate> chain(const AccountConfig& account, Wall now);
  KeyCandidate own_keys(const AccountConfig& account);
  void add_oidc(std::vector<KeyCandidate>& all);
  void add_cli_profile(std::vector<KeyCandidate>& all, Wall now);
  void add_ini(std::vector<KeyCandidate>& all, Wall now);
  void add_uri(std::vector<KeyCandidate>& all);
  KeyCandidate ecs_role(const std::string& role, std::string source) const;
  CredentialDefaults defaults(std::string file, Wall now) const;

  KeySource& files_;
  LocalSecrets& local_;
  std::string metadata_url_;
  std::string sts_url_;
  bool sts_url_is_test_ = false;
  std::string problem_;  // with the settings above: nothing is fetched
};

}  // namespace taskwatchd
