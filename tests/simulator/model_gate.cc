#include "simulator/model_gate.h"

#include <cstdlib>

#include "simulator/model_time.h"

namespace iotsim {
namespace {

Caller find_caller(const World& world, const std::string& access_key_id) {
  for (const Account& account : world.accounts()) {
    for (const AccessKey& key : account.keys) {
      if (key.id == access_key_id) return {&account, &key};
    }
  }
  return {};
}

}  // namespace

std::variant<Caller, Refusal> Gate::admit(const Call& call, const World& world,
                                          const Switches& switches, std::int64_t cloud_ms) {
  const Caller caller = find_caller(world, call.access_key_id);
  if (caller.account == nullptr) {
    return Refusal{404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.", false};
  }
  if (!caller.key->active || switches.inactive_key == caller.key->id) {
    return Refusal{400, "InvalidAccessKeyId.Inactive", "Specified access key is disabled.", false};
  }
  const auto stamp = parse_utc_seconds(call.timestamp);
  if (!stamp) {
    return Refusal{400, "InvalidTimeStamp.Format",
                   "Specified time stamp or date value is not well formatted.", false};
  }
  if (std::llabs(*stamp - cloud_ms) > kMaxSkewMs) {
    return Refusal{400, "InvalidTimeStamp.Expired",
                   "Specified time stamp or date value is expired.", false};
  }
  if (const auto refusal = check_token(call, *caller.key)) return *refusal;
  if (caller.key->expires_ms != 0 && cloud_ms >= caller.key->expires_ms) {
    return Refusal{400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.",
                   false};
  }
  if (caller.key->revoked) {
    return Refusal{400, "InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.",
                   false};
  }
  if (switches.signature_check) {
    const std::string expected = call.signature_version == 3
                                     ? v3_sign(call.text_to_sign, caller.key->secret)
                                     : v1_sign(call.text_to_sign, caller.key->secret);
    if (!equal_in_constant_time(expected, call.signature)) {
      return Refusal{400, "SignatureDoesNotMatch",
                     "Specified signature is not matched with our calculation. server string to "
                     "sign is:" +
                         call.text_to_sign,
                     false};
    }
  }
  if (is_used(call.access_key_id + '\n' + call.nonce, cloud_ms)) {
    return Refusal{400, "SignatureNonceUsed", "Specified signature nonce was used already.", false};
  }
  return caller;
}

std::optional<Refusal> Gate::check_token(const Call& call, const AccessKey& key) const {
  if (key.security_token == call.security_token) return std::nullopt;
  if (call.security_token.empty()) {
    return Refusal{400, "MissingSecurityToken", "SecurityToken is mandatory for this action.",
                   false};
  }
  return Refusal{400, "InvalidSecurityToken.MismatchWithAccessKey",
                 "Specified SecurityToken mismatch with the AccessKey.", false};
}

bool Gate::is_used(const std::string& nonce, std::int64_t cloud_ms) {
  while (!nonce_ages_.empty() &&
         (cloud_ms - nonce_ages_.front().first > kNonceMs || nonce_ages_.size() >= kMaxNonces)) {
    nonces_.erase(nonce_ages_.front().second);
    nonce_ages_.pop_front();
  }
  if (!nonces_.insert(nonce).second) return true;
  nonce_ages_.emplace_back(cloud_ms, nonce);
  return false;
}

}  // namespace iotsim
