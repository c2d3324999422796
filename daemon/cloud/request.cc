#include "cloud/request.h"

#include <cassert>
#include <string_view>

#include "cloud/signer.h"
#include "config/url.h"

namespace taskwatchd {
namespace {

constexpr std::string_view kApiVersion = "2018-01-20";

// Equals the Host header that libcurl writes: the signed value must be the sent one.
std::string host_of(const std::string& url) {
  const auto parsed = parse_url(url);
  assert(parsed);
  return parsed->host_header();
}

// The endpoint with exactly one slash at the end.
std::string root_of(const std::string& url) {
  return url.ends_with('/') ? url : url + '/';
}

// A line break in a value would let its author inject further headers.
void add_header(HttpRequest& request, std::string name, std::string value) {
  constexpr std::string_view kForbidden("\r\n\0", 3);
  assert(value.find_first_of(kForbidden) == std::string::npos);
  request.headers.emplace_back(std::move(name), std::move(value));
}

Parameters own_parameters(const ApiCall& call, const Endpoint& endpoint) {
  Parameters parameters = call.parameters;
  if (!endpoint.instance_id.empty()) {
    parameters.emplace_back("IotInstanceId", endpoint.instance_id);
  }
  return parameters;
}

void build_v3(HttpRequest& request, const ApiCall& call, const Endpoint& endpoint, const Keys& keys,
              Wall now, const std::string& nonce) {
  V3Input input;
  input.method = request.method;
  input.query = own_parameters(call, endpoint);
  input.payload_hash = sha256_hex("");
  input.headers = {{"host", host_of(endpoint.url)},
                   {"x-acs-action", std::string(name(call.api))},
                   {"x-acs-content-sha256", input.payload_hash},
                   {"x-acs-date", rfc3339_seconds(now)},
                   {"x-acs-signature-nonce", nonce},
                   {"x-acs-version", std::string(kApiVersion)}};
  if (!keys.security_token.empty()) {
    input.headers.emplace_back("x-acs-accesskey-id", keys.access_key_id);
    input.headers.emplace_back("x-acs-security-token", keys.security_token.reveal());
  }
  for (const auto& [name, value] : input.headers) add_header(request, name, value);
  add_header(request, "authorization",
             v3_authorization(input, keys.access_key_id, keys.access_key_secret));
  add_header(request, "accept", "application/json");
  request.url = root_of(endpoint.url) + '?' + canonical_query(input.query);
}

void build_v1(HttpRequest& request, const ApiCall& call, const Endpoint& endpoint, const Keys& keys,
              Wall now, const std::string& nonce) {
  Parameters all = own_parameters(call, endpoint);
  all.insert(all.end(), {{"AccessKeyId", keys.access_key_id},
                         {"Action", std::string(name(call.api))},
                         {"Format", "JSON"},
                         {"RegionId", endpoint.region},
                         {"SignatureMethod", "HMAC-SHA1"},
                         {"SignatureNonce", nonce},
                         {"SignatureVersion", "1.0"},
                         {"Timestamp", rfc3339_seconds(now)},
                         {"Version", std::string(kApiVersion)}});
  // The API rejects an empty SecurityToken: it is sent only with temporary credentials.
  if (!keys.security_token.empty()) {
    all.emplace_back("SecurityToken", keys.security_token.reveal());
  }
  all.emplace_back("Signature",
                   v1_signature(v1_string_to_sign(request.method, all), keys.access_key_secret));
  request.url = root_of(endpoint.url);
  if (endpoint.use_get) {
    request.url += '?' + canonical_query(all);
  } else {
    add_header(request, "content-type", "application/x-www-form-urlencoded");
    request.body = canonical_query(all);
  }
}

}  // namespace

ApiCall query_task(std::string task_id) {
  return {Api::kQueryTask, {{"TaskId", std::move(task_id)}}};
}

ApiCall list_task(std::string job_id, std::optional<TaskStatus> status, std::string next_token,
                  int limit) {
  assert(!job_id.empty() && limit >= 1 && limit <= kPageLimit);
  assert(status != TaskStatus::kUnknown);
  ApiCall call{Api::kListTask, {{"JobId", std::move(job_id)}, {"Limit", std::to_string(limit)}}};
  if (!next_token.empty()) call.parameters.emplace_back("NextToken", std::move(next_token));
  if (status) call.parameters.emplace_back("Status", name(*status));
  return call;
}

ApiCall query_job_statistics(std::string job_id) {
  return {Api::kQueryJobStatistics, {{"JobId", std::move(job_id)}}};
}

ApiCall query_job(std::string job_id) {
  return {Api::kQueryJob, {{"JobId", std::move(job_id)}}};
}

ApiCall list_job(int page, int page_size, std::optional<JobStatus> status) {
  assert(page >= 1 && page_size >= 1 && page_size <= kPageLimit);
  assert(status != JobStatus::kUnknown);
  ApiCall call{Api::kListJob,
               {{"CurrentPage", std::to_string(page)}, {"PageSize", std::to_string(page_size)}}};
  if (status) call.parameters.emplace_back("Status", name(*status));
  return call;
}

ApiCall query_distribution(std::string distribution_id) {
  return {Api::kQueryDeviceDistributeJob, {{"JobId", std::move(distribution_id)}}};
}

ApiCall distribution_file(std::string distribution_id) {
  return {Api::kQueryDeviceDistributeDetail, {{"JobId", std::move(distribution_id)}}};
}

HttpRequest build_request(const ApiCall& call, const Endpoint& endpoint, const Keys& keys, Wall now,
                          const std::string& nonce) {
  assert(!nonce.empty());
  HttpRequest request;
  request.method = endpoint.use_get ? "GET" : "POST";
  request.ca_file = endpoint.ca_file;
  request.proxy = endpoint.proxy;
  switch (endpoint.signature) {
    case SignatureVersion::kV1:
      build_v1(request, call, endpoint, keys, now, nonce);
      break;
    case SignatureVersion::kV3:
      build_v3(request, call, endpoint, keys, now, nonce);
      break;
  }
  // Requests the x-ratelimit-* headers that retry_after reads.
  add_header(request, "x-sdk-throttling-control", "enable");
  return request;
}

}  // namespace taskwatchd
