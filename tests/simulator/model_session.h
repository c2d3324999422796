// The services that issue temporary credentials: the security token service (STS), the ECS metadata
// service and a credentials URI. The issued credentials are AccessKeys of their account until they
// expire. No I/O; checks signatures with the simulator's own code.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "simulator/model_cloud.h"

namespace iotsim {

class SessionDesk {
 public:
  static constexpr std::size_t kMaxSessions = 1000;  // per account; the oldest is dropped
  static constexpr std::size_t kHugeBytes = 4U << 20U;

  // REQUIRES: `cloud` outlives this object.
  SessionDesk(ModelCloud& cloud, std::uint64_t seed) : cloud_(cloud), random_(mix(seed, 0x5e55)) {}

  // Returns the response if the request is for one of these services or their control paths;
  // otherwise nullopt.
  std::optional<Response> handle(const Request& request, Now now);

 private:
  struct Reply {
    int status = 200;
    std::string type = "application/json";
    std::string body;
  };
  Reply sts(const Request& request, std::int64_t cloud_ms);
  Reply metadata(const Request& request, std::int64_t cloud_ms);
  Reply uri(std::string_view name, std::int64_t cloud_ms);
  Reply refuse(const Refusal& refusal);
  Response fault(std::string_view service, Response good, Now now);
  // Returns new temporary credentials of the account. They expire by the platform's clock.
  AccessKey open_session(Account& account, std::int64_t seconds, std::int64_t cloud_ms);
  Response show() const;
  Response revoke(bool as_expired);

  ModelCloud& cloud_;
  Account* opened_ = nullptr;  // account whose credentials the current request issued
  Random random_;
  Gate gate_;
  std::map<std::string, std::uint64_t> calls_;           // by operation
  std::map<std::string, std::int64_t> metadata_tokens_;  // expiry of each
};

}  // namespace iotsim
