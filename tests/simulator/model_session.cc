#include "simulator/model_session.h"

#include <algorithm>
#include <charconv>

#include "simulator/model_text.h"

namespace iotsim {
namespace {

constexpr std::string_view kRoles = "/latest/meta-data/ram/security-credentials/";
constexpr std::string_view kUris = "/credentials/";
constexpr std::int64_t kMetadataSeconds = 6 * 3600;
constexpr std::int64_t kMaxSessionSeconds = 12 * 3600;

std::string_view path_of(const Request& request) {
  return std::string_view(request.target).substr(0, request.target.find('?'));
}

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string get(const Call& call, std::string_view name) {
  const std::string* const value = call.parameter(name);
  return value == nullptr ? "" : *value;
}

// Parses an AssumeRole form for STS; nullopt if the request is anything else.
std::optional<Call> sts_call(const Request& request) {
  if (request.method != "POST" || path_of(request) != "/") return std::nullopt;
  auto form = parse_form(request.body);
  if (!form) return std::nullopt;
  Call call;
  call.parameters = std::move(*form);
  call.action = get(call, "Action");
  call.version = get(call, "Version");
  if (!call.action.starts_with("AssumeRole")) return std::nullopt;
  call.access_key_id = get(call, "AccessKeyId");
  call.timestamp = get(call, "Timestamp");
  call.nonce = get(call, "SignatureNonce");
  call.security_token = get(call, "SecurityToken");
  call.signature = get(call, "Signature");
  call.text_to_sign = v1_text(request.method, call.parameters);
  return call;
}

Value keys_of(const AccessKey& key, bool of_metadata) {
  std::vector<Member> members = {{"AccessKeyId", text_value(key.id)},
                                 {"AccessKeySecret", text_value(key.secret)},
                                 {"SecurityToken", text_value(key.security_token)},
                                 {"Expiration", text_value(utc_seconds(key.expires_ms))}};
  if (of_metadata) {
    members.push_back({"LastUpdated", text_value(utc_seconds(key.expires_ms - 1000))});
    members.push_back({"Code", text_value("Success")});
  }
  return object(std::move(members));
}

}  // namespace

std::optional<Response> SessionDesk::handle(const Request& request, Now now) {
  const std::string_view path = path_of(request);
  if (path == "/-/sessions") return show();
  if (path == "/-/revoke") return revoke(request.target.ends_with("as=expired"));
  const std::int64_t cloud_ms = now.wall_ms + cloud_.switches.clock_offset_ms;
  std::string_view service;
  Reply reply;
  opened_ = nullptr;
  if (path.starts_with("/latest/")) {
    service = "metadata";
    reply = metadata(request, cloud_ms);
  } else if (path.starts_with(kUris)) {
    service = "uri";
    ++calls_["uri"];
    reply = uri(path.substr(kUris.size()), cloud_ms);
  } else if (sts_call(request)) {
    service = "sts";
    reply = sts(request, cloud_ms);
  } else {
    return std::nullopt;
  }
  Response response;
  response.status = reply.status;
  response.headers = {{"date", http_date(cloud_ms)}, {"content-type", reply.type}};
  response.body = std::move(reply.body);
  return fault(service, std::move(response), now);
}

SessionDesk::Reply SessionDesk::refuse(const Refusal& refusal) {
  const Value body = object({{"RequestId", text_value(request_id(random_.next(), random_.next()))},
                             {"HostId", text_value("sts.aliyuncs.com")},
                             {"Code", text_value(refusal.code)},
                             {"Message", text_value(refusal.message)}});
  return {refusal.http_status, "application/json;charset=utf-8", to_json(body)};
}

SessionDesk::Reply SessionDesk::sts(const Request& request, std::int64_t cloud_ms) {
  const Call call = *sts_call(request);
  ++calls_[call.action];
  if (call.version != "2015-04-01") {
    return refuse({404, "InvalidAction.NotFound", "Specified api is not found.", false});
  }
  Account* account = nullptr;
  for (const Account& each : cloud_.world().accounts()) {
    if (!each.role.arn.empty() && each.role.arn == get(call, "RoleArn")) {
      account = cloud_.world().account(each.name);
    }
  }
  const std::string name = get(call, "RoleSessionName");
  const auto seconds = whole(get(call, "DurationSeconds"));
  if (name.size() < 2 || name.size() > 64) {
    return refuse({400, "InvalidParameter.RoleSessionName", "RoleSessionName is wrong.", false});
  }
  if (!seconds || *seconds < 900 || *seconds > kMaxSessionSeconds) {
    return refuse({400, "InvalidParameter.DurationSeconds", "DurationSeconds is wrong.", false});
  }
  if (call.action == "AssumeRole") {
    const auto admitted = gate_.admit(call, cloud_.world(), cloud_.switches, cloud_ms);
    if (const auto* const refusal = std::get_if<Refusal>(&admitted)) return refuse(*refusal);
    if (account == nullptr || get(call, "ExternalId") != account->role.external_id) {
      return refuse({403, "NoPermission",
                     "You are not authorized to do this action. You should be authorized by RAM.",
                     false});
    }
  } else if (call.action == "AssumeRoleWithOIDC") {
    if (!call.signature.empty()) {
      return refuse({400, "InvalidParameter", "This call is not signed.", false});
    }
    if (account == nullptr) {
      return refuse({404, "EntityNotExist.Role", "The role does not exist.", false});
    }
    if (account->role.oidc_token.empty() || get(call, "OIDCToken") != account->role.oidc_token ||
        get(call, "OIDCProviderArn") != account->role.oidc_provider) {
      return refuse({400, "AuthenticationFail.OIDCToken.Invalid",
                     "The token is wrong: " + get(call, "OIDCToken"), false});
    }
  } else {
    return refuse({404, "InvalidAction.NotFound", "Specified api is not found.", false});
  }
  const AccessKey key = open_session(*account, *seconds, cloud_ms);
  const Value user = object({{"Arn", text_value(account->role.arn + '/' + name)},
                             {"AssumedRoleId", text_value("3987654321:" + name)}});
  const Value body = object({{"RequestId", text_value(request_id(random_.next(), random_.next()))},
                             {"AssumedRoleUser", user},
                             {"Credentials", keys_of(key, false)}});
  return {200, "application/json;charset=utf-8", to_json(body)};
}

SessionDesk::Reply SessionDesk::metadata(const Request& request, std::int64_t cloud_ms) {
  const std::string_view path = path_of(request);
  const Reply forbidden{403, "text/html", "<html><title>403 - Forbidden</title></html>"};
  if (path == "/latest/api/token") {
    ++calls_["token"];
    const auto seconds =
        whole(request.header("x-aliyun-ecs-metadata-token-ttl-seconds").value_or(""));
    if (request.method != "PUT" || !seconds || *seconds < 1 || *seconds > 21'600) {
      return {400, "text/plain", "bad request\n"};
    }
    if (cloud_.switches.metadata_version == "v1") return {404, "text/html", "<html>404</html>"};
    std::string token = base62(random_.next(), 10) + base62(random_.next(), 10) + "==";
    if (metadata_tokens_.size() >= kMaxSessions) metadata_tokens_.clear();
    metadata_tokens_[token] = cloud_ms + *seconds * 1000;
    return {200, "text/plain", std::move(token)};
  }
  const auto token = request.header("x-aliyun-ecs-metadata-token");
  const auto known = metadata_tokens_.find(token.value_or(""));
  const bool proven = known != metadata_tokens_.end() && known->second > cloud_ms;
  if (token ? !proven : cloud_.switches.metadata_version == "v2") return forbidden;
  if (!path.starts_with(kRoles) || request.method != "GET") {
    return {404, "text/html", "<html><title>404 - Not Found</title></html>"};
  }
  const std::string_view role = path.substr(kRoles.size());
  ++calls_[role.empty() ? "role" : "role_keys"];
  for (const Account& each : cloud_.world().accounts()) {
    if (each.role.ecs.empty() || (!role.empty() && role != each.role.ecs)) continue;
    if (role.empty()) return {200, "text/plain", each.role.ecs};
    Account* const account = cloud_.world().account(each.name);
    const AccessKey key = open_session(*account, kMetadataSeconds, cloud_ms);
    return {200, "application/json", to_json(keys_of(key, true))};
  }
  return {404, "text/html", "<html><title>404 - Not Found</title></html>"};
}

SessionDesk::Reply SessionDesk::uri(std::string_view name, std::int64_t cloud_ms) {
  Account* const account = cloud_.world().account(name);
  if (account == nullptr) return {404, "text/plain", "not found\n"};
  const AccessKey key = open_session(*account, 3600, cloud_ms);
  return {200, "application/json", to_json(keys_of(key, true))};
}

AccessKey SessionDesk::open_session(Account& account, std::int64_t seconds, std::int64_t cloud_ms) {
  if (cloud_.switches.session_seconds != 0) seconds = cloud_.switches.session_seconds;
  AccessKey key;
  key.id = "STS.N" + base62(random_.next(), 11) + base62(random_.next(), 11);
  key.secret = "Ses+Secret/" + base62(random_.next(), 11) + base62(random_.next(), 11);
  // As long as a real token, and with the same characters.
  key.security_token = "CAIS";
  for (int i = 0; i < 40; ++i)
    key.security_token += base62(random_.next(), 11) + (i % 2 ? "+" : "/");
  key.security_token += "==";
  key.expires_ms = cloud_ms + seconds * 1000;
  std::size_t sessions = 0;
  for (const AccessKey& each : account.keys) sessions += each.expires_ms != 0 ? 1U : 0U;
  if (sessions >= kMaxSessions) {
    account.keys.erase(std::find_if(account.keys.begin(), account.keys.end(),
                                    [](const AccessKey& each) { return each.expires_ms != 0; }));
  }
  account.keys.push_back(key);
  opened_ = &account;
  return key;
}

Response SessionDesk::fault(std::string_view service, Response good, Now now) {
  const Switches& switches = cloud_.switches;
  const std::string& kind = switches.session_fault;
  if (kind == "off" ||
      !(switches.session_service == "all" || switches.session_service == service)) {
    return good;
  }
  Response response;
  response.headers = {{"date", http_date(now.wall_ms + switches.clock_offset_ms)},
                      {"content-type", "text/html"}};
  const bool replaced = kind != "slow" && kind != "drip";
  if (replaced && opened_ != nullptr) opened_->keys.pop_back();  // nobody received them
  if (kind == "down") {
    response.status = 503;
    response.body = "<html><title>503 Service Unavailable</title></html>";
  } else if (kind == "slow") {
    good.delay_ms += switches.slow_ms;
    return good;
  } else if (kind == "html") {
    response.body = "<!DOCTYPE html><html><title>Sign in</title></html>";
  } else if (kind == "huge") {
    response.body.assign(kHugeBytes, '{');
  } else if (kind == "redirect") {
    response.status = 302;
    response.headers.emplace_back("location", "http://127.0.0.1:9/elsewhere");
  } else if (kind == "drop") {
    response.delivery = Delivery::kDropped;
  } else if (kind == "drip") {
    good.delivery = Delivery::kDripped;
    return good;
  }
  return response;
}

Response SessionDesk::show() const {
  std::vector<Member> calls;
  for (const auto& [name, n] : calls_) {
    calls.push_back({name, number(static_cast<std::int64_t>(n))});
  }
  std::vector<Value> sessions;
  for (const Account& account : cloud_.world().accounts()) {
    for (const AccessKey& key : account.keys) {
      if (key.expires_ms == 0) continue;
      sessions.push_back(object({{"account", text_value(account.name)},
                                 {"id", text_value(key.id)},
                                 {"secret", text_value(key.secret)},
                                 {"security_token", text_value(key.security_token)},
                                 {"expires_ms", number(key.expires_ms)},
                                 {"revoked", boolean(key.revoked)}}));
    }
  }
  Response response;
  response.headers = {{"content-type", "application/json"}};
  response.body = to_json(
      object({{"calls", object(std::move(calls))}, {"sessions", array(std::move(sessions))}}));
  return response;
}

Response SessionDesk::revoke(bool as_expired) {
  std::int64_t n = 0;
  for (const Account& each : cloud_.world().accounts()) {
    for (AccessKey& key : cloud_.world().account(each.name)->keys) {
      if (key.expires_ms == 0 || key.revoked) continue;
      key.revoked = true;
      if (as_expired) key.expires_ms = 1;
      ++n;
    }
  }
  Response response;
  response.headers = {{"content-type", "application/json"}};
  response.body = to_json(object({{"revoked", number(n)}}));
  return response;
}

}  // namespace iotsim
