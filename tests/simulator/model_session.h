// What hands out temporary keys beside the API: the security token service (STS), a machine's
// metadata service and a credentials URI. Its sessions are keys of their account until they end.
// Pure, as the modelled cloud is; checks signatures with the simulator's own code.
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
  static constexpr std::size_t kMaxSessions = 1000;  // of one account; older ones are forgotten
  static constexpr std::size_t kHugeBytes = 4U << 20U;

  // `cloud` outlives the desk.
  SessionDesk(ModelCloud& cloud, std::uint64_t seed) : cloud_(cloud), random_(mix(seed, 0x5e55)) {}

  // The reply if the request is for one of its services or control paths; nothing if it is not.
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
  // A new key of the account; its end is by the cloud's clock.
  AccessKey open_session(Account& account, std::int64_t seconds, std::int64_t cloud_ms);
  Response show() const;
  Response revoke(bool as_expired);

  ModelCloud& cloud_;
  Account* opened_ = nullptr;  // the request under way opened a session of it
  Random random_;
  Gate gate_;
  std::map<std::string, std::uint64_t> calls_;           // by operation
  std::map<std::string, std::int64_t> metadata_tokens_;  // when each ends
};

}  // namespace iotsim
