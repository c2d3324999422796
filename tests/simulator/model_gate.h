// The gateway in front of the operations: checks who calls, and whether the request is fresh and
// its signature valid.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_set>
#include <utility>
#include <variant>

#include "simulator/model_account.h"
#include "simulator/model_request.h"
#include "simulator/model_switches.h"
#include "simulator/model_world.h"

namespace iotsim {

struct Caller {
  const Account* account = nullptr;
  const AccessKey* key = nullptr;
};

class Gate {
 public:
  static constexpr std::int64_t kMaxSkewMs = 15 * 60 * 1000;
  // Nonces are remembered for as long as their Timestamp could be valid.
  static constexpr std::int64_t kNonceMs = 2 * kMaxSkewMs;
  static constexpr std::size_t kMaxNonces = 1'000'000;

  // Returns the caller, or why the call is refused. `cloud_ms` is the platform's own wall clock.
  // Remembers the nonce of every request with a valid signature.
  std::variant<Caller, Refusal> admit(const Call& call, const World& world,
                                      const Switches& switches, std::int64_t cloud_ms);

 private:
  std::optional<Refusal> check_token(const Call& call, const AccessKey& key) const;
  bool is_used(const std::string& nonce, std::int64_t cloud_ms);

  std::unordered_set<std::string> nonces_;
  std::deque<std::pair<std::int64_t, std::string>> nonce_ages_;
};

}  // namespace iotsim
