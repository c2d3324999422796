// A client for the simulator's own tests. Signs calls with the simulator's own code.
#pragma once

#include <cstdint>
#include <string>

#include "simulator/model_request.h"
#include "simulator/model_time.h"

namespace iotsim {

struct TestClient {
  std::string id = "LTAItest";
  std::string secret = "test-secret";
  std::string security_token;
  std::string instance = "iot-cn-test";
  std::string region = "cn-shanghai";
  bool json = true;
  int nonce = 0;

  Request v3(const std::string& action, Pairs parameters, std::int64_t wall_ms) {
    if (!instance.empty()) parameters.emplace_back("IotInstanceId", instance);
    Request request{"POST", "/?" + sorted_form(parameters), {}, "", "127.0.0.1"};
    Pairs headers = {{"host", "iot.example"},
                     {"x-acs-action", action},
                     {"x-acs-version", "2018-01-20"},
                     {"x-acs-date", utc_seconds(wall_ms)},
                     {"x-acs-signature-nonce", "nonce-" + std::to_string(++nonce)},
                     {"x-acs-content-sha256", sha256_hex("")}};
    if (!security_token.empty()) headers.emplace_back("x-acs-security-token", security_token);
    const std::string text = v3_text("POST", "/", parameters, headers, sha256_hex(""));
    std::string names;
    Pairs sorted = headers;
    std::sort(sorted.begin(), sorted.end());
    for (const auto& [name, value] : sorted) names += (names.empty() ? "" : ";") + name;
    request.headers = headers;
    request.headers.emplace_back("Authorization", "ACS3-HMAC-SHA256 Credential=" + id +
                                                      ",SignedHeaders=" + names +
                                                      ",Signature=" + v3_sign(text, secret));
    if (json) request.headers.emplace_back("Accept", "application/json");
    return request;
  }

  Request v1(const std::string& method, const std::string& action, Pairs parameters,
             std::int64_t wall_ms) {
    if (!instance.empty()) parameters.emplace_back("IotInstanceId", instance);
    if (json) parameters.emplace_back("Format", "JSON");
    if (!security_token.empty()) parameters.emplace_back("SecurityToken", security_token);
    for (const auto& pair : Pairs{{"Action", action},
                                  {"Version", "2018-01-20"},
                                  {"AccessKeyId", id},
                                  {"RegionId", region},
                                  {"SignatureMethod", "HMAC-SHA1"},
                                  {"SignatureVersion", "1.0"},
                                  {"Timestamp", utc_seconds(wall_ms)},
                                  {"SignatureNonce", "nonce-" + std::to_string(++nonce)}}) {
      parameters.push_back(pair);
    }
    parameters.emplace_back("Signature", v1_sign(v1_text(method, parameters), secret));
    Request request{method, "/", {{"host", "iot.example"}}, "", "127.0.0.1"};
    if (method == "GET") {
      request.target = "/?" + sorted_form(parameters);
    } else {
      request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
      request.body = sorted_form(parameters);
    }
    return request;
  }

  Request query_task(const std::string& task, std::int64_t wall_ms) {
    return v3("QueryTask", {{"TaskId", task}}, wall_ms);
  }
};

}  // namespace iotsim
