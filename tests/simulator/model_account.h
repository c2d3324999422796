// Who may call, and where things live: accounts with their keys and quotas, instances.
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
  std::string security_token;  // not empty: the call must bring it along
  bool active = true;
  std::int64_t expires_ms = 0;  // of a session, by the cloud's clock; 0: a key without an end
  bool revoked = false;         // a session that was ended early
};

// A role whose sessions are keys of its account, and who may take it on.
struct Role {
  std::string arn;            // AssumeRole with any key known here; empty: nobody
  std::string external_id;    // must come along if it is not empty
  std::string oidc_provider;  // AssumeRoleWithOIDC
  std::string oidc_token;     // the one that is taken
  std::string ecs;            // its name at the metadata service; empty: not there
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
  std::string id;  // IotInstanceId; empty: an instance that has none
};

}  // namespace iotsim
