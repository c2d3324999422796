// Carries out a recipe for keys: asks STS, the ECS metadata service or a URI. One try; when to try
// again is credentials.cc's to decide. Loop's thread. Failure is a text that names the source and
// the mend; no secret.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "cloud/key_recipe.h"
#include "ports.h"

namespace taskwatchd {

struct FetchPorts {
  Clock& clock;
  Entropy& entropy;
  HttpClient& http;
  LocalSecrets& local;
};
struct FetchSettings {
  std::string metadata_url;
  bool metadata_v1 = true;
  std::string ca_file;  // for STS and https URIs; empty: the system's
  std::string proxy;    // likewise; empty: none
};

struct FetchedKeys {
  Keys keys;
  std::optional<Duration> life;  // from now; nothing: they have no end
};
using FetchResult = std::variant<FetchedKeys, std::string>;

// What `ports` holds must outlive the call.
Awaitable<FetchResult> fetch_keys(FetchPorts ports, FetchSettings settings, KeyRecipe recipe);

}  // namespace taskwatchd
