// The gateway in front of the operations: who calls, and is the request fresh and truly theirs.
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
  // Nonces are remembered as long as a Timestamp could still be valid.
  static constexpr std::int64_t kNonceMs = 2 * kMaxSkewMs;
  static constexpr std::size_t kMaxNonces = 1'000'000;

  // The caller, or why not. `cloud_ms` is the cloud's own wall clock. Remembers the nonce of every
  // request whose signature is right.
  std::variant<Caller, Refusal> admit(const Call& call, const World& world,
                                      const Switches& switches, std::int64_t cloud_ms);

 private:
  std::optional<Refusal> check_token(const Call& call, const AccessKey& key) const;
  bool is_used(const std::string& nonce, std::int64_t cloud_ms);

  std::unordered_set<std::string> nonces_;
  std::deque<std::pair<std::int64_t, std::string>> nonce_ages_;
};

}  // namespace iotsim
