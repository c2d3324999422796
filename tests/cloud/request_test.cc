#include "cloud/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cloud/signer.h"

namespace taskwatchd {
namespace {

using testing::HasSubstr;
using testing::Not;

const Wall kNow = *parse_utc("2024-01-02T03:04:05.678Z");
const std::string kNonce = "00000000-0000-4000-8000-000000000001";

Keys plain_keys() {
  return {"testid", Secret("testsecret"), Secret()};
}
Keys sts_keys() {
  return {"STS.testid", Secret("testsecret"), Secret("CAIS+/=tok en~*")};
}

Endpoint endpoint(SignatureVersion version) {
  Endpoint e;
  e.url = "https://iot.cn-shanghai.aliyuncs.com";
  e.region = "cn-shanghai";
  e.instance_id = "iot-cn-0pp1n8t0000";
  e.signature = version;
  return e;
}

std::string header(const HttpRequest& request, std::string_view name) {
  const auto it = std::find_if(request.headers.begin(), request.headers.end(),
                               [&](const auto& h) { return h.first == name; });
  return it == request.headers.end() ? "(none)" : it->second;
}

TEST(RequestV3, ParametersInTheQueryAndAnEmptyBody) {
  const HttpRequest r = build_request(query_task("MSnT9 q/1"), endpoint(SignatureVersion::kV3),
                                      plain_keys(), kNow, kNonce);
  EXPECT_EQ(r.method, "POST");
  EXPECT_EQ(r.url,
            "https://iot.cn-shanghai.aliyuncs.com/"
            "?IotInstanceId=iot-cn-0pp1n8t0000&TaskId=MSnT9%20q%2F1");
  EXPECT_EQ(r.body, "");
  EXPECT_EQ(header(r, "host"), "iot.cn-shanghai.aliyuncs.com");
  EXPECT_EQ(header(r, "x-acs-action"), "QueryTask");
  EXPECT_EQ(header(r, "x-acs-version"), "2018-01-20");
  EXPECT_EQ(header(r, "x-acs-date"), "2024-01-02T03:04:05Z");
  EXPECT_EQ(header(r, "x-acs-signature-nonce"), kNonce);
  EXPECT_EQ(header(r, "x-acs-content-sha256"), sha256_hex(""));
  EXPECT_EQ(header(r, "accept"), "application/json");
  EXPECT_EQ(header(r, "x-sdk-throttling-control"), "enable");
  EXPECT_EQ(header(r, "x-acs-security-token"), "(none)");
  EXPECT_EQ(header(r, "x-acs-accesskey-id"), "(none)");
  EXPECT_THAT(header(r, "authorization"),
              HasSubstr("SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
                        "x-acs-signature-nonce;x-acs-version,"));
}

// The signature covers the request as sent: signing its parts again gives the same signature.
TEST(RequestV3, SignatureIsOfWhatIsSent) {
  const HttpRequest r =
      build_request(query_task("T1"), endpoint(SignatureVersion::kV3), sts_keys(), kNow, kNonce);
  V3Input input;
  input.method = r.method;
  input.query = {{"TaskId", "T1"}, {"IotInstanceId", "iot-cn-0pp1n8t0000"}};
  input.payload_hash = sha256_hex(r.body);
  for (const auto& [name, value] : r.headers) {
    if (name == "host" || name.starts_with("x-acs-")) input.headers.emplace_back(name, value);
  }
  EXPECT_EQ(header(r, "x-acs-security-token"), "CAIS+/=tok en~*");
  EXPECT_EQ(header(r, "x-acs-accesskey-id"), "STS.testid");
  EXPECT_EQ(header(r, "authorization"),
            v3_authorization(input, "STS.testid", Secret("testsecret")));
}

TEST(RequestV3, GetWhenTheServerRefusedPost) {
  Endpoint e = endpoint(SignatureVersion::kV3);
  const HttpRequest post = build_request(query_task("T1"), e, plain_keys(), kNow, kNonce);
  e.use_get = true;
  const HttpRequest get = build_request(query_task("T1"), e, plain_keys(), kNow, kNonce);
  EXPECT_EQ(get.method, "GET");
  EXPECT_EQ(get.url, post.url);
  EXPECT_NE(header(get, "authorization"), header(post, "authorization"));
}

TEST(RequestV3, NoInstanceIdNoParameter) {
  Endpoint e = endpoint(SignatureVersion::kV3);
  e.instance_id.clear();
  const HttpRequest r = build_request(query_task("T1"), e, plain_keys(), kNow, kNonce);
  EXPECT_EQ(r.url, "https://iot.cn-shanghai.aliyuncs.com/?TaskId=T1");
}

TEST(RequestV3, HostNamesAnUnusualPort) {
  const std::pair<const char*, const char*> cases[] = {
      {"http://127.0.0.1:8080", "127.0.0.1:8080"}, {"http://127.0.0.1:80", "127.0.0.1"},
      {"https://iot.example:443", "iot.example"},  {"https://iot.example:80", "iot.example:80"},
      {"http://[::1]:9000/", "[::1]:9000"},        {"https://iot.example", "iot.example"},
  };
  for (const auto& [url, host] : cases) {
    Endpoint e = endpoint(SignatureVersion::kV3);
    e.url = url;
    const HttpRequest r = build_request(query_task("T1"), e, plain_keys(), kNow, kNonce);
    EXPECT_EQ(header(r, "host"), host) << url;
    EXPECT_THAT(r.url, HasSubstr("/?IotInstanceId=")) << url;
    EXPECT_THAT(r.url, Not(HasSubstr("//?"))) << url;
  }
}

TEST(RequestV1, FormBody) {
  const HttpRequest r = build_request(query_task("MSnT9wlX*~ q010101/+="),
                                      endpoint(SignatureVersion::kV1), plain_keys(), kNow, kNonce);
  EXPECT_EQ(r.method, "POST");
  EXPECT_EQ(r.url, "https://iot.cn-shanghai.aliyuncs.com/");
  EXPECT_EQ(header(r, "content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(header(r, "x-sdk-throttling-control"), "enable");
  // The signature is the derived vector of signer_test.cc.
  EXPECT_EQ(r.body,
            "AccessKeyId=testid&Action=QueryTask&Format=JSON&IotInstanceId=iot-cn-0pp1n8t0000"
            "&RegionId=cn-shanghai&Signature=4WK7U%2BnHcYGO3MBlLoMRxqdasQs%3D"
            "&SignatureMethod=HMAC-SHA1&SignatureNonce=00000000-0000-4000-8000-000000000001"
            "&SignatureVersion=1.0&TaskId=MSnT9wlX%2A~%20q010101%2F%2B%3D"
            "&Timestamp=2024-01-02T03%3A04%3A05Z&Version=2018-01-20");
}

TEST(RequestV1, GetHasAllInTheQuery) {
  Endpoint e = endpoint(SignatureVersion::kV1);
  e.use_get = true;
  const HttpRequest r =
      build_request(query_task("MSnT9wlX*~ q010101/+="), e, plain_keys(), kNow, kNonce);
  EXPECT_EQ(r.method, "GET");
  EXPECT_EQ(r.body, "");
  EXPECT_EQ(header(r, "content-type"), "(none)");
  EXPECT_THAT(r.url, HasSubstr("&Signature=5T6SMBxALfmNMoGYW15rjBA2C48%3D&"));
}

TEST(RequestV1, SecurityTokenOnlyWithSts) {
  const Endpoint e = endpoint(SignatureVersion::kV1);
  EXPECT_THAT(build_request(query_task("T1"), e, plain_keys(), kNow, kNonce).body,
              Not(HasSubstr("SecurityToken")));
  EXPECT_THAT(build_request(query_task("T1"), e, sts_keys(), kNow, kNonce).body,
              HasSubstr("&SecurityToken=CAIS%2B%2F%3Dtok%20en~%2A&"));
}

TEST(Request, CarriesTheEndpointsTransport) {
  Endpoint e = endpoint(SignatureVersion::kV3);
  e.ca_file = "/etc/ssl/private-ca.pem";
  e.proxy = "http://proxy:3128";
  const HttpRequest r = build_request(query_task("T1"), e, plain_keys(), kNow, kNonce);
  EXPECT_EQ(r.ca_file, e.ca_file);
  EXPECT_EQ(r.proxy, e.proxy);
}

TEST(Request, NoSecretInClear) {
  for (const auto version : {SignatureVersion::kV1, SignatureVersion::kV3}) {
    const HttpRequest r =
        build_request(query_task("T1"), endpoint(version), plain_keys(), kNow, kNonce);
    std::string all = r.url + r.body;
    for (const auto& [name, value] : r.headers) all += name + value;
    EXPECT_THAT(all, Not(HasSubstr("testsecret")));
  }
}

using Named = std::vector<std::pair<std::string, std::string>>;

TEST(ApiCalls, HaveTheParametersOfTheirOwn) {
  const ApiCall first = list_task("J1", std::nullopt, "", 50);
  EXPECT_EQ(first.api, Api::kListTask);
  EXPECT_EQ(first.parameters, (Named{{"JobId", "J1"}, {"Limit", "50"}}));
  EXPECT_EQ(
      list_task("J1", TaskStatus::kTimedOut, "to+ken=", 1).parameters,
      (Named{{"JobId", "J1"}, {"Limit", "1"}, {"NextToken", "to+ken="}, {"Status", "TIMED_OUT"}}));
  EXPECT_EQ(query_job_statistics("J1").api, Api::kQueryJobStatistics);
  EXPECT_EQ(query_job_statistics("J1").parameters, (Named{{"JobId", "J1"}}));
  EXPECT_EQ(query_job("J1").api, Api::kQueryJob);
  EXPECT_EQ(query_job("J1").parameters, (Named{{"JobId", "J1"}}));
  EXPECT_EQ(list_job(3, 50, std::nullopt).api, Api::kListJob);
  EXPECT_EQ(list_job(3, 50, std::nullopt).parameters,
            (Named{{"CurrentPage", "3"}, {"PageSize", "50"}}));
  EXPECT_EQ(list_job(1, 10, JobStatus::kInProgress).parameters,
            (Named{{"CurrentPage", "1"}, {"PageSize", "10"}, {"Status", "IN_PROGRESS"}}));
}

// A pagination token may contain any bytes. The platform must receive them unchanged.
TEST(ApiCalls, TokensAreEncoded) {
  const HttpRequest r = build_request(list_task("J1", TaskStatus::kFailed, "a+/=& \xE8\x9E", 50),
                                      endpoint(SignatureVersion::kV3), plain_keys(), kNow, kNonce);
  EXPECT_EQ(r.url,
            "https://iot.cn-shanghai.aliyuncs.com/?IotInstanceId=iot-cn-0pp1n8t0000&JobId=J1"
            "&Limit=50&NextToken=a%2B%2F%3D%26%20%E8%9E&Status=FAILED");
  EXPECT_EQ(header(r, "x-acs-action"), "ListTask");
}

TEST(ApiCallsDeathTest, LimitsAreTheDocuments) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(list_task("J1", std::nullopt, "", 51), "kPageLimit");
  EXPECT_DEATH(list_task("J1", TaskStatus::kUnknown, "", 50), "kUnknown");
  EXPECT_DEATH(list_job(0, 50, std::nullopt), "page >= 1");
  EXPECT_DEATH(list_job(1, 50, JobStatus::kUnknown), "kUnknown");
}

TEST(RequestDeathTest, HeaderValuesMayNotHoldLineEnds) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const Endpoint e = endpoint(SignatureVersion::kV3);
  for (const std::string& bad :
       {std::string("a\nb"), std::string("a\rb"), std::string("a\0b", 3)}) {
    Keys keys = sts_keys();
    keys.security_token = Secret(bad);
    EXPECT_DEATH(build_request(query_task("T1"), e, keys, kNow, kNonce), "kForbidden");
  }
}

}  // namespace
}  // namespace taskwatchd
