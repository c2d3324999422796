// Responses of QueryTask: what is accepted and what is rejected.
#include "cloud/reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/reply_fixture.h"

namespace taskwatchd {
namespace {

using testing::HasSubstr;
using testing::Not;

std::optional<TaskReply> task_of(const std::string& body) {
  return answer_of<TaskReply>(Api::kQueryTask, body);
}

// A successful response whose Data has these members and the required ones.
std::optional<TaskReply> task_with(const std::string& more) {
  return task_of(good_body(kNeeded + R"(,"Status":"SENT",)" + more));
}

TEST(QueryTaskReply, TheDocumentsSample) {
  const auto t = task_of(sample("query_task.json"));
  ASSERT_TRUE(t);
  EXPECT_EQ(t->task_id, "MSnT9***q010101");
  EXPECT_EQ(t->job_id, "sGWotgRkutxX*****");
  EXPECT_EQ(t->job_name, "MyTestJobIax6Eq");
  EXPECT_EQ(t->product_key, "a1S****");
  EXPECT_EQ(t->device_name, "mydevice");
  EXPECT_EQ(t->status, TaskStatus::kSucceeded);
  EXPECT_EQ(t->status_text, "");
  EXPECT_EQ(t->progress, 80.0);
  EXPECT_FALSE(t->listed);
  EXPECT_EQ(t->message, "this is message about task execution");
  EXPECT_EQ(t->status_detail, R"({ "msg":"this is message reported by device" })");
  EXPECT_EQ(rfc3339(t->modified), "2019-05-21T13:03:56.000Z");
  EXPECT_EQ(rfc3339(t->queued), "2019-05-21T13:03:53.000Z");
}

TEST(QueryTaskReply, ProgressInEachForm) {
  const std::pair<const char*, std::optional<double>> cases[] = {
      {"80", 80.0},
      {"\"80\"", 80.0},
      {"0", 0.0},
      {"\"100\"", 100.0},
      {"12.5", 12.5},
      {"\" 12.5 \"", 12.5},
      {"\"\"", std::nullopt},
      {"null", std::nullopt},
      {"\"abc\"", std::nullopt},
      {"\"80%\"", std::nullopt},
      {"true", std::nullopt},
      {"{}", std::nullopt},
      {"[80]", std::nullopt},
      {"-1", std::nullopt},
      {"101", std::nullopt},
      {"\"nan\"", std::nullopt},
      {"\"inf\"", std::nullopt},
      {"1e300", std::nullopt},
      {"\"1e999\"", std::nullopt},
      {"18446744073709551615", std::nullopt},
      {"\"0x10\"", std::nullopt},
      {"\" \"", std::nullopt},
      {"\"+5\"", std::nullopt},
  };
  for (const auto& [text, progress] : cases) {
    const auto t = task_with(std::string("\"Progress\":") + text);
    ASSERT_TRUE(t) << text;
    EXPECT_EQ(t->progress, progress) << text;
  }
  EXPECT_EQ(task_with("\"IotId\":\"x\"")->progress, std::nullopt) << "absent";
}

TEST(QueryTaskReply, SuccessAsBoolOrWord) {
  const std::string data = R"(,"Data":{)" + kNeeded + R"(,"Status":"SENT"}})";
  EXPECT_TRUE(task_of(R"({"Success":true)" + data));
  EXPECT_TRUE(task_of(R"({"Success":"true")" + data));
  for (const char* odd : {"1", "\"yes\"", "\"True\"", "{}", "null", "\"\""}) {
    EXPECT_EQ(failure_of(reply(200, std::string("{\"Success\":") + odd + data)).reason,
              Reason::kProtocol)
        << odd;
  }
  EXPECT_EQ(failure_of(reply(200, "{\"RequestId\":\"R\"" + data)).reason, Reason::kProtocol);
}

// "Code" in a successful response is not an error: some calls return Code "success".
TEST(QueryTaskReply, ACodeWithSuccessIsNotAnError) {
  EXPECT_TRUE(
      task_of(R"({"Success":true,"Code":"success","Data":{)" + kNeeded + R"(,"Status":"SENT"}})"));
}

TEST(QueryTaskReply, EachStatus) {
  for (const TaskStatus status : kAllTaskStatuses) {
    const auto t = task_of(good_body(kNeeded + ",\"Status\":\"" + std::string(name(status)) + '"'));
    ASSERT_TRUE(t);
    EXPECT_EQ(t->status, status);
  }
}

TEST(QueryTaskReply, UnknownStatusKeepsItsText) {
  for (const char* word : {"PAUSED", "succeeded", "", "REMOVED", "UNKNOWN", "SENT "}) {
    const auto t = task_of(good_body(kNeeded + ",\"Status\":\"" + word + '"'));
    ASSERT_TRUE(t);
    EXPECT_EQ(t->status, TaskStatus::kUnknown);
    EXPECT_EQ(t->status_text, word);
  }
  const auto t = task_of(good_body(kNeeded + ",\"Status\":\"" + std::string(9000, 'x') + '"'));
  ASSERT_TRUE(t);
  EXPECT_LE(t->status_text.size(), 256u);
}

TEST(QueryTaskReply, StatusDetailAsObjectKeepsItsText) {
  EXPECT_EQ(task_with(R"("StatusDetail": {"a": [1, "x"]})")->status_detail, R"({"a":[1,"x"]})");
  EXPECT_EQ(task_with(R"("StatusDetail": 7)")->status_detail, "7");
  EXPECT_EQ(task_with(R"("StatusDetail": null)")->status_detail, "");
  EXPECT_EQ(task_with(R"("StatusDetail": "not {json")")->status_detail, "not {json");
}

TEST(QueryTaskReply, DeviceMessagesLoseTheirCredentialsAndAreBounded) {
  const auto t =
      task_with(R"("Message":"got https://b.oss.aliyuncs.com/f?Expires=1&Signature=CANARY ok",)"
                R"("StatusDetail":"{\"u\":\"https:\\/\\/h\\/p?Signature\\u003dCANARY\",\"n\":1}")");
  ASSERT_TRUE(t);
  EXPECT_EQ(t->message, "got https://b.oss.aliyuncs.com/f?REDACTED ok");
  EXPECT_THAT(t->status_detail, Not(HasSubstr("CANARY")));
  EXPECT_THAT(t->status_detail, HasSubstr("\"n\":1"));
  const auto big = task_with("\"Message\":\"" + std::string(500000, 'm') + '"');
  ASSERT_TRUE(big);
  EXPECT_LE(big->message.size(), 4096u);
  EXPECT_THAT(big->message, HasSubstr("bytes)"));
}

TEST(QueryTaskReply, NamesThatAreNotStringsAreAbsent) {
  const auto t = task_with(R"("DeviceName":7,"ProductKey":{},"JobName":["x"])");
  ASSERT_TRUE(t);
  EXPECT_EQ(t->device_name + t->product_key + t->job_name, "");
}

TEST(QueryTaskReply, AbsentJobIdIsTolerated) {
  const auto t =
      task_of(good_body(R"("TaskId":"T1","Status":"SENT","UtcModified":"2019-05-21T13:03:56.000Z",)"
                        R"("UtcQueueTime":"2019-05-21T13:03:53.000Z")"));
  ASSERT_TRUE(t);
  EXPECT_EQ(t->job_id, "");
}

TEST(QueryTaskReply, WhatIsNeededMustBeThereAndSound) {
  const std::string cases[] = {
      R"({"Success":true})",
      R"({"Success":true,"Data":null})",
      R"({"Success":true,"Data":[]})",
      R"({"Success":true,"Data":"x"})",
      good_body(""),
      good_body(kNeeded),
      good_body(kNeeded + R"(,"Status":3)"),
      good_body(kNeeded + R"(,"Status":null)"),
      good_body(kNeeded + R"(,"Status":["SENT"])"),
      // A duplicate member: JSON readers differ in which of the two they use.
      good_body(kNeeded + R"(,"Status":"SENT","Status":"FAILED")"),
      good_body(kNeeded + R"(,"Status":"SENT","\u0053tatus":"FAILED")"),
      good_body(kNeeded + R"(,"Status":"SENT","TaskId":"T2")"),
      good_body(kNeeded + R"(,"Status":"SENT","Progress":1,"Progress":2)"),
      good_body(kNeeded + R"(,"Status":"SENT")").insert(1, R"("Success":false,)"),
      good_body(kNeeded + R"(,"Status":"SENT")").insert(1, R"("Data":{},)"),
      // Invalid or missing times.
      good_body(R"("TaskId":"T1","Status":"SENT","UtcModified":"2019-05-21T13:03:56.000Z")"),
      good_body(R"("TaskId":"T1","Status":"SENT","UtcQueueTime":"2019-05-21T13:03:56.000Z")"),
  };
  EXPECT_TRUE(task_of(good_body(kNeeded + R"(,"Status":"SENT")"))) << "the table's base";
  for (const std::string& body : cases) {
    const Failure f = failure_of(reply(200, body));
    EXPECT_EQ(f.reason, Reason::kProtocol) << body;
    EXPECT_EQ(f.http_status, 200) << body;
    EXPECT_FALSE(f.message.empty()) << body;
  }
}

TEST(QueryTaskReply, UnreadableTimesAndIdsAreRefused) {
  const auto with = [](const char* task, const char* modified) {
    return good_body(std::string("\"Status\":\"SENT\",\"TaskId\":") + task + ",\"UtcModified\":" +
                     modified + R"(,"UtcQueueTime":"2019-05-21T13:03:53.000Z")");
  };
  EXPECT_TRUE(task_of(with("\"T1\"", "\"2019-05-21T13:03:56.123Z\"")));
  for (const char* time :
       {"\"\"", "\"yesterday\"", "1558443836000", "null", "\"2019-05-21 13:03:56\"",
        "\"2019-13-21T13:03:56.000Z\"", "\"2019-05-21T13:03:56.000+08:00\""}) {
    EXPECT_EQ(failure_of(reply(200, with("\"T1\"", time))).reason, Reason::kProtocol) << time;
  }
  for (const std::string& id : {std::string("\"\""), std::string("7"), std::string("null"),
                                '"' + std::string(129, 'x') + '"'}) {
    EXPECT_EQ(failure_of(reply(200, with(id.c_str(), "\"2019-05-21T13:03:56.123Z\""))).reason,
              Reason::kProtocol)
        << id;
  }
}

TEST(QueryTaskReply, UnreadNeighboursDoNotMatter) {
  EXPECT_TRUE(task_of(R"({"HostId":7,"HostId":8,"Success":true,"Data":{)" + kNeeded +
                      R"(,"Status":"SENT","IotId":[],"IotId":null,"New":{"Status":1}}})"));
}

// The server ignored our Accept header. The XML is not interpreted.
TEST(QueryTaskReply, SuccessInXmlIsRefused) {
  EXPECT_EQ(failure_of(reply(200, sample("query_task.xml"))).reason, Reason::kProtocol);
}

}  // namespace
}  // namespace taskwatchd
