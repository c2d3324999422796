// Accounts with their AccessKeys, roles and quotas, and their instances.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace iotsim {

struct AccessKey {
  std::string id;
  std::string secret;
  std::string security_token;  // if not empty, the call must include it
  bool active = true;
  std::int64_t expires_ms = 0;  // by the platform's clock; 0: a permanent AccessKey
  bool revoked = false;         // temporary credentials that were revoked early
};

// A role whose temporary credentials belong to its account, and who may assume it.
struct Role {
  std::string arn;            // AssumeRole with any known AccessKey; empty: nobody may
  std::string external_id;    // if not empty, the call must include it
  std::string oidc_provider;  // AssumeRoleWithOIDC
  std::string oidc_token;     // the accepted token
  std::string ecs;            // its name in the metadata service; empty: not available there
};

struct Account {
  std::string name;
  std::vector<AccessKey> keys;       // all share the account's quotas, as RAM users do
  std::map<std::string, int> quota;  // calls per second by API; absent: as documented; 0: none
  std::set<std::string> denied;      // APIs without permission
  Role role;
};

struct Instance {
  std::string account;
  std::string region;
  std::string id;  // IotInstanceId; empty: an instance without an id
};

}  // namespace iotsim
