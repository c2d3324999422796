// Responses of ListTask: list pages that are complete, odd or hostile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/reply_fixture.h"
#include "cloud/rows.h"

namespace taskwatchd {
namespace {

using testing::HasSubstr;

std::string row(const std::string& id, const std::string& more = R"("Status":"SENT")") {
  return R"({"TaskId":")" + id + R"(","JobId":"J1","UtcModified":"2019-05-21T13:03:56.000Z",)" +
         R"("UtcQueueTime":"2019-05-21T13:03:53.000Z",)" + more + '}';
}

std::string page(const std::string& rows) {
  return good_body("\"data\":[" + rows + ']');
}

std::optional<TaskPage> page_of(const std::string& body) {
  return answer_of<TaskPage>(Api::kListTask, body);
}

Failure refused(const std::string& body) {
  return failure_of(reply(200, body), Api::kListTask);
}

TEST(ListTaskReply, APageAsTheClientsKnowIt) {
  const auto p = page_of(sample("list_task.json"));
  ASSERT_TRUE(p);
  EXPECT_EQ(p->next_token, "TG9uZ1Rva2VuK3dpdGgvYnl0ZXM9PQ==");
  EXPECT_EQ(p->unreadable, 0u);
  ASSERT_EQ(p->tasks.size(), 2u);
  const TaskReply& first = p->tasks[0];
  EXPECT_EQ(first.task_id, "MSnT9***q010101");
  EXPECT_EQ(first.job_id, "sGWotgRkutxX*****");
  EXPECT_EQ(first.job_name, "MyTestJobIax6Eq");
  EXPECT_EQ(first.product_key, "a1S****");
  EXPECT_EQ(first.device_name, "mydevice");
  EXPECT_EQ(first.status, TaskStatus::kSucceeded);
  EXPECT_EQ(first.progress, 100.0);
  EXPECT_TRUE(first.listed);
  EXPECT_EQ(rfc3339(first.modified), "2019-05-21T13:03:56.000Z");
  EXPECT_EQ(rfc3339(first.queued), "2019-05-21T13:03:53.000Z");
  EXPECT_EQ(p->tasks[1].task_id, "MSnT9***q010102");
  EXPECT_EQ(p->tasks[1].progress, std::nullopt);
  EXPECT_TRUE(p->tasks[1].listed);
}

// Undocumented members of a row are ignored: a listed task has no device message.
TEST(ListTaskReply, RowsHaveNoDeviceMessages) {
  const auto p = page_of(page(row("T1", R"("Status":"SENT","Message":"m","StatusDetail":"d")")));
  ASSERT_TRUE(p);
  EXPECT_EQ(p->tasks.at(0).message + p->tasks.at(0).status_detail, "");
}

TEST(ListTaskReply, NothingIsAnEmptyPage) {
  for (const char* data : {"", R"(,"Data":null)", R"(,"Data":{})", R"(,"Data":[])", R"(,"Data":"")",
                           R"(,"Data":{"data":null})", R"(,"Data":{"data":[]})",
                           R"(,"Data":{"data":{}})", R"(,"Data":{"data":""})"}) {
    const auto p = page_of(R"({"RequestId":"R1","Success":true)" + std::string(data) + '}');
    ASSERT_TRUE(p) << data;
    EXPECT_TRUE(p->tasks.empty()) << data;
    EXPECT_EQ(p->next_token, "") << data;
    EXPECT_EQ(p->unreadable, 0u) << data;
  }
}

// An empty list page with a pagination token is not the last one: only the token counts.
TEST(ListTaskReply, EmptyPageWithAToken) {
  const auto p = page_of(R"({"Success":true,"NextToken":"N2","Data":{"data":[]}})");
  ASSERT_TRUE(p);
  EXPECT_EQ(p->next_token, "N2");
}

TEST(ListTaskReply, TokenAbsentNullOrEmptyIsTheLastPage) {
  for (const char* token : {"", R"("NextToken":null,)", R"("NextToken":"",)"}) {
    const auto p = page_of('{' + std::string(token) + R"("Success":true,"Data":{"data":[]}})");
    ASSERT_TRUE(p) << token;
    EXPECT_EQ(p->next_token, "") << token;
  }
}

TEST(ListTaskReply, TokenOfAnotherKindIsRefused) {
  for (const std::string& token : {std::string("7"), std::string("{}"), std::string("true"),
                                   '"' + std::string(2049, 'x') + '"'}) {
    EXPECT_EQ(refused("{\"NextToken\":" + token + R"(,"Success":true,"Data":{"data":[]}})").reason,
              Reason::kProtocol)
        << token;
  }
  const std::string longest(2048, 'x');
  EXPECT_EQ(page_of(R"({"NextToken":")" + longest + R"(","Success":true})")->next_token, longest);
  EXPECT_EQ(refused(R"({"NextToken":"a","NextToken":"b","Success":true})").reason,
            Reason::kProtocol);
}

// A bad row is left out; the other rows are kept.
TEST(ListTaskReply, OddRowsAreLeftOutAndCounted) {
  const std::string odd[] = {
      "7",
      "null",
      "[]",
      "\"T2\"",
      "{}",
      row("", R"("Status":"SENT")"),
      row("T2", R"("Progress":"3")"),
      row("T2", R"("Status":3)"),
      row("T2", R"("Status":"SENT","Status":"FAILED")"),
      row("T2", R"("Status":"SENT","TaskId":"T3")"),
      row("T2", R"("Status":"SENT","UtcModified":"2019-05-21T13:03:56.000Z")"),
      row(std::string(129, 'x')),
      R"({"TaskId":"T2","Status":"SENT","UtcModified":"2019-05-21T13:03:56.000Z"})",
      R"({"TaskId":"T2","Status":"SENT","UtcModified":"never","UtcQueueTime":"never"})",
  };
  for (const std::string& bad : odd) {
    const auto p = page_of(page(row("T1") + ',' + bad + ',' + row("T9")));
    ASSERT_TRUE(p) << bad;
    EXPECT_EQ(p->unreadable, 1u) << bad;
    ASSERT_EQ(p->tasks.size(), 2u) << bad;
    EXPECT_EQ(p->tasks[0].task_id, "T1");
    EXPECT_EQ(p->tasks[1].task_id, "T9");
  }
}

TEST(ListTaskReply, UnknownStatusKeepsItsText) {
  const auto p = page_of(page(row("T1", R"("Status":"REMOVED")") + ',' + row("T2")));
  ASSERT_TRUE(p);
  EXPECT_EQ(p->tasks.at(0).status, TaskStatus::kUnknown);
  EXPECT_EQ(p->tasks.at(0).status_text, "REMOVED");
  EXPECT_EQ(p->tasks.at(1).status_text, "");
}

TEST(ListTaskReply, MoreRowsThanRequestedAreReadUpToALimit) {
  std::string rows;
  for (std::size_t i = 0; i < kMaxRows; ++i) {
    rows += (i == 0 ? "" : ",") + row("T" + std::to_string(i));
  }
  const auto p = page_of(page(rows));
  ASSERT_TRUE(p);
  EXPECT_EQ(p->tasks.size(), kMaxRows);
  EXPECT_EQ(p->tasks.back().task_id, "T999");
  const Failure f = refused(page(rows + ",{}"));
  EXPECT_EQ(f.reason, Reason::kProtocol);
  EXPECT_THAT(f.message, HasSubstr("more than 1000 rows"));
  EXPECT_THAT(f.request_id, "R1");
}

// A list in an unexpected place must be an error, or its rows would be missed without notice.
TEST(ListTaskReply, AListElsewhereIsNotAnEmptyOne) {
  const std::string cases[] = {"[" + row("T1") + "]",
                               R"({"dataItem":[)" + row("T1") + "]}",
                               R"({"Data":[]})",
                               R"("x")",
                               "7",
                               R"({"data":7})",
                               R"({"data":"x"})",
                               R"({"data":)" + row("T1") + "}",
                               R"({"data":[],"data":[]})"};
  for (const std::string& data : cases) {
    EXPECT_EQ(refused(R"({"Success":true,"Data":)" + data + "}").reason, Reason::kProtocol) << data;
  }
}

// The failure for an expired NextToken is not documented. Only the caller knows that it sent one.
TEST(ListTaskReply, AnUndocumentedCodeMayMeanATokenThatExpired) {
  const Failure f =
      refused(R"({"Success":false,"Code":"iot.job.InvalidNextToken","RequestId":"R"})");
  EXPECT_EQ(f.reason, Reason::kBadRequest);
  EXPECT_TRUE(f.maybe_not_found);
  EXPECT_EQ(f.code, "iot.job.InvalidNextToken");
}

}  // namespace
}  // namespace taskwatchd
