#include "cloud/session_request.h"

#include <cassert>

#include "cloud/signer.h"
#include "config/ids.h"

namespace taskwatchd {
namespace {

constexpr char kStsVersion[] = "2015-04-01";
constexpr char kRolePath[] = "/latest/meta-data/ram/security-credentials/";
// The metadata service responds within milliseconds or not at all: hosts outside ECS have none.
constexpr Duration kMetadataTimeout = std::chrono::seconds(1);
constexpr Duration kUriTimeout = std::chrono::seconds(5);

Parameters role_parameters(const KeyRecipe& recipe, std::string action, Wall now,
                           const std::string& nonce) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(recipe.role.duration);
  Parameters all = {{"Action", std::move(action)},
                    {"DurationSeconds", std::to_string(seconds.count())},
                    {"Format", "JSON"},
                    {"RoleArn", recipe.role.arn},
                    {"RoleSessionName", recipe.role.session_name},
                    {"SignatureNonce", nonce},
                    {"Timestamp", rfc3339_seconds(now)},
                    {"Version", kStsVersion}};
  if (!recipe.policy.empty()) all.emplace_back("Policy", recipe.policy);
  return all;
}

HttpRequest sts_request(const KeyRecipe& recipe, const Parameters& parameters) {
  HttpRequest request;
  request.method = "POST";
  request.url = recipe.sts_url + '/';
  request.headers = {{"accept", "application/json"},
                     {"content-type", "application/x-www-form-urlencoded"}};
  request.body = canonical_query(parameters);
  request.body_limit = kSessionReplyLimit;
  return request;
}

HttpRequest metadata_request(std::string method, const std::string& url, const std::string& path,
                             const Secret& token) {
  HttpRequest request;
  request.method = std::move(method);
  request.url = url + path;
  if (!token.empty()) {
    request.headers.emplace_back("x-aliyun-ecs-metadata-token", token.reveal());
  }
  request.timeout = kMetadataTimeout;
  request.body_limit = kSessionReplyLimit;
  request.to_metadata_service = true;
  return request;
}

}  // namespace

HttpRequest assume_role_request(const KeyRecipe& recipe, const Keys& signer, Wall now,
                                const std::string& nonce) {
  Parameters all = role_parameters(recipe, "AssumeRole", now, nonce);
  all.insert(all.end(), {{"AccessKeyId", signer.access_key_id},
                         {"SignatureMethod", "HMAC-SHA1"},
                         {"SignatureVersion", "1.0"}});
  if (!recipe.role.external_id.empty()) all.emplace_back("ExternalId", recipe.role.external_id);
  if (!signer.security_token.empty()) {
    all.emplace_back("SecurityToken", signer.security_token.reveal());
  }
  all.emplace_back("Signature",
                   v1_signature(v1_string_to_sign("POST", all), signer.access_key_secret));
  return sts_request(recipe, all);
}

HttpRequest assume_role_with_oidc_request(const KeyRecipe& recipe, const Secret& token, Wall now,
                                          const std::string& nonce) {
  Parameters all = role_parameters(recipe, "AssumeRoleWithOIDC", now, nonce);
  all.emplace_back("OIDCProviderArn", recipe.oidc_provider_arn);
  all.emplace_back("OIDCToken", token.reveal());
  return sts_request(recipe, all);
}

HttpRequest metadata_token_request(const std::string& url) {
  HttpRequest request = metadata_request("PUT", url, "/latest/api/token", Secret());
  request.headers.emplace_back("x-aliyun-ecs-metadata-token-ttl-seconds", "21600");
  return request;
}

HttpRequest metadata_role_request(const std::string& url, const Secret& token) {
  return metadata_request("GET", url, kRolePath, token);
}

HttpRequest metadata_session_request(const std::string& url, const std::string& role,
                                     const Secret& token) {
  assert(is_role_name(role));
  return metadata_request("GET", url, kRolePath + role, token);
}

HttpRequest uri_session_request(const Secret& uri) {
  HttpRequest request;
  request.method = "GET";
  request.url = uri.reveal();
  request.headers = {{"accept", "application/json"}};
  request.timeout = kUriTimeout;
  request.body_limit = kSessionReplyLimit;
  return request;
}

}  // namespace taskwatchd
