// Responses of QueryDeviceDistributeJob and QueryDeviceDistributeDetail.
#include <gmock/gmock.h>

#include "cloud/request.h"
#include "reply_fixture.h"

namespace taskwatchd {
namespace {

constexpr Api kJob = Api::kQueryDeviceDistributeJob;
constexpr Api kDetail = Api::kQueryDeviceDistributeDetail;

TEST(Distribution, StatusIsANumberAndEverythingElseMayBeMissing) {
  const auto full = answer_of<DistributionReply>(
      kJob, good_body(R"("JobId":"D1","Status":1,"Total":12,"GmtCreate":1700000000000,)"
                      R"("ProductKey":"pk","SourceInstanceId":"iot-a","Strategy":0,)"
                      R"("TargetInstanceConfigs":{"targetInstanceConfigs":)"
                      R"([{"TargetInstanceId":"iot-b"},{"TargetInstanceId":"iot-c"}]})"));
  ASSERT_TRUE(full);
  EXPECT_EQ(full->distribution_id, "D1");
  EXPECT_EQ(full->status, DistributionStatus::kRunning);
  EXPECT_EQ(full->total, 12u);
  EXPECT_EQ(full->created, Wall(std::chrono::milliseconds(1'700'000'000'000)));
  EXPECT_EQ(full->source_instance, "iot-a");
  EXPECT_THAT(full->target_instances, testing::ElementsAre("iot-b", "iot-c"));
  const auto bare = answer_of<DistributionReply>(kJob, good_body(R"("JobId":"D1","Status":"2")"));
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->status, DistributionStatus::kFinished) << "digits in a string are a number too";
}

TEST(Distribution, AStatusThatIsNotKnownIsKeptNotGuessed) {
  for (const char* status : {"4", "-1", "\"12\"", "\"FINISHED\"", "1.5", "true", "\"\""}) {
    const auto reply = answer_of<DistributionReply>(
        kJob, good_body(std::string(R"("JobId":"D1","Status":)") + status));
    ASSERT_TRUE(reply) << status;
    EXPECT_EQ(reply->status, DistributionStatus::kUnknown) << status;
    EXPECT_EQ(reply->status_text, status);
  }
}

TEST(Distribution, WhatIsNotTheDocumentedReplyIsRefused) {
  for (const char* data :
       {R"("JobId":"D1")", R"("Status":1)", R"("JobId":7,"Status":1)",
        R"("JobId":"D1","Status":1,"Status":2)", R"("JobId":"D1","Status":1,"Total":"many")"}) {
    EXPECT_EQ(failure_of(reply(200, good_body(data)), kJob).reason, Reason::kProtocol) << data;
  }
}

TEST(Distribution, TheFileIsAnAddressOrNotThereYet) {
  const auto file = answer_of<DistributionFile>(
      kDetail, R"({"RequestId":"R","Success":true,"File":"https://x.oss/y?Signature=s%2B"})");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->url.reveal(), "https://x.oss/y?Signature=s%2B") << "not encoded anew";
  for (const char* none :
       {R"({"RequestId":"R","Success":true})", R"({"RequestId":"R","Success":true,"File":null})",
        R"({"RequestId":"R","Success":true,"File":""})"}) {
    const auto empty = answer_of<DistributionFile>(kDetail, none);
    ASSERT_TRUE(empty);
    EXPECT_TRUE(empty->url.empty());
  }
  EXPECT_EQ(
      failure_of(reply(200, R"({"RequestId":"R","Success":true,"File":["x"]})"), kDetail).reason,
      Reason::kProtocol);
  EXPECT_EQ(failure_of(reply(200, R"({"RequestId":"R","Success":true,"File":")" +
                                      std::string(9000, 'x') + "\"}"),
                       kDetail)
                .reason,
            Reason::kProtocol);
}

TEST(Distribution, RequestsNameTheIdAndNoInstance) {
  const Keys keys{"id", Secret("secret"), Secret()};
  Endpoint endpoint;
  endpoint.url = "https://iot.cn-shanghai.aliyuncs.com";
  endpoint.region = "cn-shanghai";
  const HttpRequest job = build_request(query_distribution("D/1"), endpoint, keys, Wall(), "n");
  EXPECT_EQ(job.url, "https://iot.cn-shanghai.aliyuncs.com/?JobId=D%2F1");
  const HttpRequest detail = build_request(distribution_file("D1"), endpoint, keys, Wall(), "n");
  EXPECT_EQ(detail.url, "https://iot.cn-shanghai.aliyuncs.com/?JobId=D1");
}

}  // namespace
}  // namespace taskwatchd
