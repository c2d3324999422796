// The published test vectors of both signatures, so that an error here cannot match an error of the
// daemon's.
#include "simulator/model_signature.h"

#include <gtest/gtest.h>

namespace iotsim {
namespace {

struct V1Vector {
  const char* method;
  const char* secret;
  Pairs parameters;
  const char* expected;
};

Pairs common(const char* nonce, const char* timestamp, const char* version, Pairs own) {
  own.insert(own.end(), {{"SignatureMethod", "HMAC-SHA1"},
                         {"SignatureNonce", nonce},
                         {"SignatureVersion", "1.0"},
                         {"Timestamp", timestamp},
                         {"Version", version}});
  return own;
}

TEST(SignatureV1, PublishedVectors) {
  const std::vector<V1Vector> vectors = {
      {"GET", "testsecret",
       common("3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf", "2016-02-23T12:46:24Z", "2014-05-26",
              {{"AccessKeyId", "testid"}, {"Action", "DescribeRegions"}, {"Format", "XML"}}),
       "OLeaidS1JvxuMvnyHOwuJ+uX5qY="},
      {"GET", "testsecret",
       common("edb2b34af0af9a6d14deaf7c1a5315eb", "2023-03-13T08:34:30Z", "2014-05-26",
              {{"AccessKeyId", "testid"},
               {"Action", "DescribeDedicatedHosts"},
               {"Format", "JSON"},
               {"RegionId", "cn-beijing"}}),
       "9NaGiOspFP5UPcwX8Iwt2YJXXuk="},
      {"GET", "testSecret",
       common("45e25e9b-0a6f-4070-8c85-2956eda1b466", "2017-07-12T02:42:19Z", "2017-05-25",
              {{"AccessKeyId", "testId"},
               {"Action", "SendSms"},
               {"Format", "XML"},
               {"OutId", "123"},
               {"PhoneNumbers", "15300000001"},
               {"RegionId", "cn-hangzhou"},
               {"SignName", "阿里云短信测试专用"},
               {"TemplateCode", "SMS_71390007"},
               {"TemplateParam", R"({"customer":"test"})"}}),
       "zJDF+Lrzhj/ThnlvIToysFRq6t4="},
      {"GET", "testsecret",
       common("0715a395-aedf-4a41-bab7-746b43d38d88", "2017-10-02T09:39:41Z", "2017-04-20",
              {{"AccessKeyId", "testid"},
               {"Action", "Pub"},
               {"Format", "XML"},
               {"MessageContent", "aGVsbG93b3JsZA="},
               {"ProductKey", "12345abcdeZ"},
               {"Qos", "0"},
               {"RegionId", "cn-shanghai"},
               {"ServiceCode", "iot"},
               {"TopicFullName", "/productKey/testdevice/get"}}),
       "Y9eWn4nF8QPh3c4zAFkM/k/u7eA="},
      {"", "accessKeySecret", {{"test", "ok"}}, "jHx/oHoHNrbVfhncHEvPdHXZwHU="},
  };
  for (const V1Vector& vector : vectors) {
    EXPECT_EQ(v1_sign(v1_text(vector.method, vector.parameters), vector.secret), vector.expected);
  }
}

TEST(SignatureV1, TextToSignOfThePublishedEcsExample) {
  EXPECT_EQ(
      v1_text("GET",
              common("3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf", "2016-02-23T12:46:24Z", "2014-05-26",
                     {{"Action", "DescribeRegions"},
                      {"Signature", "is left out"},
                      {"AccessKeyId", "testid"},
                      {"Format", "XML"}})),
      "GET&%2F&AccessKeyId%3Dtestid%26Action%3DDescribeRegions%26Format%3DXML%26SignatureMethod%"
      "3DHMAC-SHA1%26SignatureNonce%3D3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf%26SignatureVersion%3D1."
      "0%26Timestamp%3D2016-02-23T12%253A46%253A24Z%26Version%3D2014-05-26");
}

TEST(SignatureV3, PublishedVector) {
  const std::string text =
      v3_text("POST", "/",
              {{"RegionId", "cn-shanghai"},
               {"ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"}},
              {{"x-acs-version", "2014-05-26"},
               {"host", "ecs.cn-shanghai.aliyuncs.com"},
               {"x-acs-action", "RunInstances"},
               {"x-acs-date", "2023-10-26T10:22:32Z"},
               {"x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d"},
               {"x-acs-content-sha256", sha256_hex("")}},
              sha256_hex(""));
  EXPECT_EQ(sha256_hex(text), "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259");
  EXPECT_EQ(v3_sign(text, "YourAccessKeySecret"),
            "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0");
}

TEST(SignatureV3, VectorsOfTheOfficialLibraries) {
  const char* const hash = "55e12e91650d2fec56ec74e1d3e4ddbfce2ef3a65890c2a19ecf88a307e76a23";
  const Pairs query = {{"test", "ok"}, {"empty", ""}};
  const Pairs headers = {{"x-acs-test", "http,https"}};
  EXPECT_EQ(v3_sign(v3_text("GET", "/", query, headers, hash), "secret"),
            "d16b30a7699ae9e43875b13195b2f81bcc3ed10c14a9b5eb780e51619aa50be1");
  EXPECT_EQ(v3_sign(v3_text("", "/", query, headers, hash), "secret"),
            "4ab59fffe3c5738ff8a2729f90cc04fe18b02a4b15b2102cbaf92f9ff3df2ea3");
}

TEST(UrlEncoding, GoesThereAndBack) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(url_decode(url_encode(bytes)), bytes);
  EXPECT_EQ(url_encode("a b*~/+阿"), "a%20b%2A~%2F%2B%E9%98%BF");
  EXPECT_EQ(url_decode("a+b"), "a b");
  EXPECT_EQ(url_decode("%4"), std::nullopt);
  EXPECT_EQ(url_decode("%zz"), std::nullopt);
  EXPECT_EQ(parse_form("a=1&b&&c=%20"), (Pairs{{"a", "1"}, {"b", ""}, {"c", " "}}));
  EXPECT_EQ(parse_form("a=%"), std::nullopt);
}

}  // namespace
}  // namespace iotsim
