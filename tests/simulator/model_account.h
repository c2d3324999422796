// Who may call, and where things live: accounts with their keys and quotas, instances.
#pragma once

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
};

struct Account {
  std::string name;
  std::vector<AccessKey> keys;       // all share the account's quotas, as RAM users do
  std::map<std::string, int> quota;  // calls per second by API; absent: as documented; 0: none
  std::set<std::string> denied;      // APIs without permission
};

struct Instance {
  std::string account;
  std::string region;
  std::string id;  // IotInstanceId; empty: an instance that has none
};

}  // namespace iotsim
