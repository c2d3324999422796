// Test vectors published in Alibaba Cloud's documents and SDKs, and two derived with the same
// routine for the calls that taskwatchd makes.
#include "cloud/signer.h"

#include <gtest/gtest.h>

#include <vector>

namespace taskwatchd {
namespace {

struct V1Vector {
  const char* origin;
  const char* method;
  const char* secret;
  Parameters parameters;
  const char* string_to_sign;  // nullptr if none is published
  const char* signature;
};

std::vector<V1Vector> v1_vectors() {
  return {
      {"ECS, request signatures",
       "GET",
       "testsecret",
       {{"AccessKeyId", "testid"},
        {"Action", "DescribeRegions"},
        {"Format", "XML"},
        {"SignatureMethod", "HMAC-SHA1"},
        {"SignatureNonce", "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"},
        {"SignatureVersion", "1.0"},
        {"Timestamp", "2016-02-23T12:46:24Z"},
        {"Version", "2014-05-26"}},
       "GET&%2F&AccessKeyId%3Dtestid%26Action%3DDescribeRegions%26Format%3DXML%26SignatureMethod%"
       "3DHMAC-SHA1%26SignatureNonce%3D3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf%26SignatureVersion%3D1."
       "0%26Timestamp%3D2016-02-23T12%253A46%253A24Z%26Version%3D2014-05-26",
       "OLeaidS1JvxuMvnyHOwuJ+uX5qY="},
      {"help.aliyun.com, RPC mechanism",
       "GET",
       "testsecret",
       {{"AccessKeyId", "testid"},
        {"Action", "DescribeDedicatedHosts"},
        {"Format", "JSON"},
        {"RegionId", "cn-beijing"},
        {"SignatureMethod", "HMAC-SHA1"},
        {"SignatureNonce", "edb2b34af0af9a6d14deaf7c1a5315eb"},
        {"SignatureVersion", "1.0"},
        {"Timestamp", "2023-03-13T08:34:30Z"},
        {"Version", "2014-05-26"}},
       "GET&%2F&AccessKeyId%3Dtestid%26Action%3DDescribeDedicatedHosts%26Format%3DJSON%26RegionId%"
       "3Dcn-beijing%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%"
       "3Dedb2b34af0af9a6d14deaf7c1a5315eb%26SignatureVersion%3D1.0%26Timestamp%3D2023-03-13T08%"
       "253A34%253A30Z%26Version%3D2014-05-26",
       "9NaGiOspFP5UPcwX8Iwt2YJXXuk="},
      {"SendSms, values in UTF-8",
       "GET",
       "testSecret",
       {{"AccessKeyId", "testId"},
        {"Action", "SendSms"},
        {"Format", "XML"},
        {"OutId", "123"},
        {"PhoneNumbers", "15300000001"},
        {"RegionId", "cn-hangzhou"},
        {"SignName", "阿里云短信测试专用"},
        {"SignatureMethod", "HMAC-SHA1"},
        {"SignatureNonce", "45e25e9b-0a6f-4070-8c85-2956eda1b466"},
        {"SignatureVersion", "1.0"},
        {"TemplateCode", "SMS_71390007"},
        {"TemplateParam", R"({"customer":"test"})"},
        {"Timestamp", "2017-07-12T02:42:19Z"},
        {"Version", "2017-05-25"}},
       "GET&%2F&AccessKeyId%3DtestId%26Action%3DSendSms%26Format%3DXML%26OutId%3D123%26PhoneNumbers"
       "%3D15300000001%26RegionId%3Dcn-hangzhou%26SignName%3D%25E9%2598%25BF%25E9%2587%258C%25E4%"
       "25BA%2591%25E7%259F%25AD%25E4%25BF%25A1%25E6%25B5%258B%25E8%25AF%2595%25E4%25B8%2593%25E7%"
       "2594%25A8%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3D45e25e9b-0a6f-4070-8c85-"
       "2956eda1b466%26SignatureVersion%3D1.0%26TemplateCode%3DSMS_71390007%26TemplateParam%3D%"
       "257B%"
       "2522customer%2522%253A%2522test%2522%257D%26Timestamp%3D2017-07-12T02%253A42%253A19Z%"
       "26Version%3D2017-05-25",
       "zJDF+Lrzhj/ThnlvIToysFRq6t4="},
      {"IoT Platform, document 30563",
       "GET",
       "testsecret",
       {{"AccessKeyId", "testid"},
        {"Action", "Pub"},
        {"Format", "XML"},
        {"MessageContent", "aGVsbG93b3JsZA="},
        {"ProductKey", "12345abcdeZ"},
        {"Qos", "0"},
        {"RegionId", "cn-shanghai"},
        {"ServiceCode", "iot"},
        {"SignatureMethod", "HMAC-SHA1"},
        {"SignatureNonce", "0715a395-aedf-4a41-bab7-746b43d38d88"},
        {"SignatureVersion", "1.0"},
        {"Timestamp", "2017-10-02T09:39:41Z"},
        {"TopicFullName", "/productKey/testdevice/get"},
        {"Version", "2017-04-20"}},
       "GET&%2F&AccessKeyId%3Dtestid%26Action%3DPub%26Format%3DXML%26MessageContent%"
       "3DaGVsbG93b3JsZA%253D%26ProductKey%3D12345abcdeZ%26Qos%3D0%26RegionId%3Dcn-shanghai%"
       "26ServiceCode%3Diot%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3D0715a395-aedf-4a41-"
       "bab7"
       "-746b43d38d88%26SignatureVersion%3D1.0%26Timestamp%3D2017-10-02T09%253A39%253A41Z%"
       "26TopicFullName%3D%252FproductKey%252Ftestdevice%252Fget%26Version%3D2017-04-20",
       "Y9eWn4nF8QPh3c4zAFkM/k/u7eA="},
      {"SDK unit test",
       "",
       "accessKeySecret",
       {{"test", "ok"}},
       "&%2F&test%3Dok",
       "jHx/oHoHNrbVfhncHEvPdHXZwHU="},
  };
}

Parameters common_parameters() {
  return {{"AccessKeyId", "testid"},
          {"Format", "JSON"},
          {"RegionId", "cn-shanghai"},
          {"SignatureMethod", "HMAC-SHA1"},
          {"SignatureNonce", "00000000-0000-4000-8000-000000000001"},
          {"SignatureVersion", "1.0"},
          {"Timestamp", "2024-01-02T03:04:05Z"},
          {"Version", "2018-01-20"}};
}

TEST(SignerV1, PublishedVectors) {
  for (const V1Vector& v : v1_vectors()) {
    SCOPED_TRACE(v.origin);
    const std::string text = v1_string_to_sign(v.method, v.parameters);
    EXPECT_EQ(text, v.string_to_sign);
    EXPECT_EQ(v1_signature(text, Secret(v.secret)), v.signature);
  }
}

TEST(SignerV1, QueryTask) {
  Parameters p = common_parameters();
  p.emplace_back("Action", "QueryTask");
  p.emplace_back("IotInstanceId", "iot-cn-0pp1n8t0000");
  p.emplace_back("TaskId", "MSnT9wlX*~ q010101/+=");
  const Secret secret("testsecret");
  EXPECT_EQ(v1_signature(v1_string_to_sign("GET", p), secret), "5T6SMBxALfmNMoGYW15rjBA2C48=");
  EXPECT_EQ(v1_signature(v1_string_to_sign("POST", p), secret), "4WK7U+nHcYGO3MBlLoMRxqdasQs=");
}

TEST(SignerV1, DistributeDetailWithSts) {
  Parameters p = common_parameters();
  p.emplace_back("Action", "QueryDeviceDistributeDetail");
  p.emplace_back("JobId", "UbmsMHmkqv0PiAG0000010001");
  p.emplace_back("SecurityToken", "CAIS+/=tok en~*");
  EXPECT_EQ(v1_signature(v1_string_to_sign("POST", p), Secret("testsecret")),
            "Oesy0KKjqTuIqIYz1E474dx6It4=");
}

TEST(SignerV1, OrderOfParametersDoesNotCount) {
  Parameters p = common_parameters();
  const std::string text = v1_string_to_sign("POST", p);
  std::swap(p.front(), p.back());
  EXPECT_EQ(v1_string_to_sign("POST", p), text);
}

V3Input run_instances() {
  V3Input input;
  input.method = "POST";
  input.query = {{"RegionId", "cn-shanghai"},
                 {"ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"}};
  input.headers = {{"x-acs-version", "2014-05-26"},
                   {"host", "ecs.cn-shanghai.aliyuncs.com"},
                   {"x-acs-action", "RunInstances"},
                   {"x-acs-date", "2023-10-26T10:22:32Z"},
                   {"x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d"},
                   {"x-acs-content-sha256", sha256_hex("")}};
  input.payload_hash = sha256_hex("");
  return input;
}

TEST(SignerV3, PublishedVector) {
  const V3Input input = run_instances();
  const Secret secret("YourAccessKeySecret");
  const std::string signature = "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0";
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex(v3_canonical_request(input)),
            "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259");
  EXPECT_EQ(v3_signature(input, secret), signature);
  EXPECT_EQ(v3_authorization(input, "YourAccessKeyId", secret),
            "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;"
            "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=" +
                signature);
}

TEST(SignerV3, SdkVectors) {
  V3Input input;
  input.query = {{"test", "ok"}, {"empty", ""}};
  input.headers = {{"x-acs-test", "http,https"}};
  input.payload_hash = "55e12e91650d2fec56ec74e1d3e4ddbfce2ef3a65890c2a19ecf88a307e76a23";
  EXPECT_EQ(v3_signature(input, Secret("secret")),
            "4ab59fffe3c5738ff8a2729f90cc04fe18b02a4b15b2102cbaf92f9ff3df2ea3");
  input.method = "GET";
  EXPECT_EQ(v3_signature(input, Secret("secret")),
            "d16b30a7699ae9e43875b13195b2f81bcc3ed10c14a9b5eb780e51619aa50be1");
}

TEST(SignerV3, HeaderValuesAreTrimmed) {
  V3Input input = run_instances();
  const std::string canonical = v3_canonical_request(input);
  input.headers[0].second = " \t2014-05-26 ";
  EXPECT_EQ(v3_canonical_request(input), canonical);
}

TEST(PercentEncode, KeepsOnlyTheUnreserved) {
  EXPECT_EQ(percent_encode("AZaz09-_.~"), "AZaz09-_.~");
  EXPECT_EQ(percent_encode(" *+/=&%?#:\"\n"), "%20%2A%2B%2F%3D%26%25%3F%23%3A%22%0A");
  EXPECT_EQ(percent_encode("é"), "%C3%A9");
  EXPECT_EQ(percent_encode(std::string_view("\0\xFF", 2)), "%00%FF");
}

TEST(CanonicalQuery, SortsByByte) {
  EXPECT_EQ(canonical_query({{"b", "2"}, {"B", "1"}, {"é", "4"}, {"a", "3"}}),
            "B=1&a=3&b=2&%C3%A9=4");
  EXPECT_EQ(canonical_query({{"a", "2"}, {"a", "1"}, {"empty", ""}}), "a=1&a=2&empty=");
  EXPECT_EQ(canonical_query({}), "");
}

}  // namespace
}  // namespace taskwatchd
