// Finds the credential sources of an account, in the order of the default provider chain:
// environment, OIDC, CLI profile, INI file, ECS role, URI; or the source that its configuration
// names. Reads small local files, no network I/O. Event-loop thread only.
#pragma once

#include <string>
#include <vector>

#include "cloud/credential_parse.h"
#include "cloud/key_recipe.h"
#include "ports.h"

namespace taskwatchd {

// The source of an AccessKey in files that the account's configuration names: these files have
// their own grace period.
inline constexpr char kKeyFilesSource[] = "the AccessKey files";

class CredentialSources {
 public:
  // Both must outlive this object.
  CredentialSources(KeySource& files, LocalSecrets& local);

  // Reads the files again and returns the sources; empty if there is none. `now` decides whether
  // credentials cached by other programs are still valid.
  std::vector<KeyCandidate> find(const AccountConfig& account, Wall now);

  // The URL of the ECS metadata service, and whether its version 1, which needs no token, may be
  // used.
  const std::string& metadata_url() const { return metadata_url_; }
  bool metadata_v1() const { return !is_set("ALIBABA_CLOUD_IMDSV1_DISABLED"); }

 private:
  // Without surrounding spaces and quotes: not every program that sets the variable removes them.
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
  std::string problem_;  // of the settings above; if set, nothing is fetched
};

}  // namespace taskwatchd
