// Carries out a credential recipe: calls STS, the ECS metadata service or a URI. One attempt only;
// credentials.cc decides about retries. Event-loop thread only. A failure is a text that names the
// source and the fix, and contains no secret.
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
  std::string proxy;    // for STS and https URIs; empty: none
};

struct FetchedKeys {
  Keys keys;
  std::optional<Duration> life;  // from now; nullopt: no expiry
};
using FetchResult = std::variant<FetchedKeys, std::string>;

// What `ports` points to must outlive the call.
Awaitable<FetchResult> fetch_keys(FetchPorts ports, FetchSettings settings, KeyRecipe recipe);

}  // namespace taskwatchd
