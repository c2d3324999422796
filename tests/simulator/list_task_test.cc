// ListTask: its pages, orders and pagination tokens, and the CPU time for a large job.
#include <cstdio>
#include <ctime>
#include <set>

#include "simulator/job_fixture.h"
#include "simulator/model_device.h"
#include "simulator/model_token.h"

namespace iotsim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

using ListTask = Jobs;

TEST_F(ListTask, ListTaskAnswersAsDocumented) {
  const Job& job = add_job("job-1", 3);
  wall = kStart + 50'000;
  const Response r = ask("ListTask", {{"JobId", "job-1"}, {"Limit", "10"}});
  EXPECT_EQ(r.status, 200);
  EXPECT_THAT(r.body, StartsWith("{\"RequestId\":\""));
  EXPECT_THAT(r.body, HasSubstr(",\"Data\":{\"data\":[{\"Status\":\""));
  EXPECT_THAT(r.body, HasSubstr("\"JobId\":\"job-1\",\"DeviceName\":\"device-00000"));
  EXPECT_THAT(r.body, HasSubstr("]},\"Success\":true}"));
  for (const char* const absent : {"NextToken", "Message", "StatusDetail", "Total"}) {
    EXPECT_THAT(r.body, Not(HasSubstr(std::string("\"") + absent + "\""))) << absent;
  }
  EXPECT_EQ(all(r.body, "TaskId"), in_status(job, ""));
  client.json = false;
  const Response xml = ask("ListTask", {{"JobId", "job-1"}, {"Limit", "2"}});
  EXPECT_THAT(xml.body, HasSubstr("<ListTaskResponse><RequestId>"));
  EXPECT_THAT(xml.body, HasSubstr("<Data><data><Status>"));
  EXPECT_THAT(xml.body, HasSubstr("</data><data><Status>"));
  EXPECT_THAT(xml.body, HasSubstr("<NextToken>"));
}

TEST_F(ListTask, ListTaskWantsItsParameters) {
  add_job("job-1", 3);
  EXPECT_EQ(code("ListTask", {{"JobId", "job-1"}}), "MissingLimit");
  for (const char* const limit : {"0", "51", "-1", "ten", ""}) {
    EXPECT_EQ(code("ListTask", {{"JobId", "job-1"}, {"Limit", limit}}),
              "iot.common.InvalidPageParams");
  }
  EXPECT_EQ(code("ListTask", {{"Limit", "5"}}), "iot.common.InvalidParam");
  EXPECT_EQ(code("ListTask", {{"Limit", "5"}, {"JobId", "job-1"}, {"Device", "{}"}}),
            "iot.common.InvalidParam");
  EXPECT_EQ(code("ListTask", {{"Limit", "5"}, {"JobId", "job-1"}, {"Status", "failed"}}),
            "iot.common.InvalidParam");
  const Response r = ask("ListTask", {{"Limit", "5"}, {"JobId", "nobody"}});
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(one(r.body, "Code"), "iot.job.JobNotFound");
  client.instance = "iot-cn-other";
  EXPECT_EQ(code("ListTask", {{"Limit", "5"}, {"JobId", "job-1"}}), "iot.job.JobNotFound");
  client.instance = "";
  EXPECT_EQ(code("ListTask", {{"Limit", "5"}, {"JobId", "job-1"}}), "iot.system.InstanceNotFound");
}

TEST_F(ListTask, EachStatusAndOrderListsEveryTaskOnce) {
  turn("latency_ms", "0");
  const Job& job = add_job("job-1", 400, 100);
  wall = kStart + 4 * kMinute;
  step_ms = 0;  // a list at one instant; the quota is not tested here
  world.account("a")->quota["ListTask"] = 1'000'000;
  for (const char* const kind : {"key", "offset"}) {
    turn("token_kind", kind);
    for (const char* const order : {"id", "newest", "oldest", "per_list"}) {
      turn("page_order", order);
      std::size_t sum = 0;
      for (const auto word : kStatusWords) {
        auto ids = list({{"JobId", "job-1"}, {"Limit", "50"}, {"Status", std::string(word)}});
        sum += ids.size();
        std::sort(ids.begin(), ids.end());
        EXPECT_EQ(ids, in_status(job, std::string(word))) << order << ' ' << word;
      }
      EXPECT_EQ(sum, 400u);
      int pages = 0;
      auto ids = list({{"JobId", "job-1"}, {"Limit", "50"}, {"Status", ""}}, &pages);
      EXPECT_EQ(pages, 8);
      std::sort(ids.begin(), ids.end());
      EXPECT_EQ(ids, in_status(job, ""));
    }
  }
}

TEST_F(ListTask, OrdersAreWhatTheySay) {
  add_job("job-1", 120, 100);
  wall = kStart + 5 * kMinute;
  const Pairs call = {{"JobId", "job-1"}, {"Limit", "50"}, {"Status", "SUCCEEDED"}};
  std::string body = ask("ListTask", call).body;
  auto ids = all(body, "TaskId");
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  turn("page_order", "newest");
  auto times = all(ask("ListTask", call).body, "UtcModified");
  EXPECT_TRUE(std::is_sorted(times.rbegin(), times.rend()));
  turn("page_order", "oldest");
  times = all(ask("ListTask", call).body, "UtcModified");
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
  EXPECT_GT(times.size(), 20u);
  turn("page_order", "mixed");
  std::set<std::string> first;
  for (int i = 0; i < 30; ++i) first.insert(all(ask("ListTask", call).body, "TaskId").front());
  EXPECT_GE(first.size(), 3u);
}

TEST_F(ListTask, AKeyLosesNothingWhereAnOffsetDoes) {
  // FAILED in the order of ids while tasks fail all the time: each task that was FAILED at the
  // beginning must be found.
  JobSpec spec;
  spec.id = "job-1";
  spec.created_ms = spec.start_ms = kStart;
  spec.devices = 3000;
  spec.rollout_per_minute = 1000;
  const Job& job = world.add(spec);
  const Pairs call = {{"JobId", "job-1"}, {"Limit", "50"}, {"Status", "IN_PROGRESS"}};
  const auto lost = [&] {
    wall = kStart + 4 * kMinute;
    const auto before = in_status(job, "IN_PROGRESS");
    const auto found = list(call);
    const std::set<std::string> seen(found.begin(), found.end());
    const auto stay = in_status(job, "IN_PROGRESS");
    return std::count_if(before.begin(), before.end(), [&](const std::string& id) {
      return !seen.contains(id) && std::binary_search(stay.begin(), stay.end(), id);
    });
  };
  EXPECT_EQ(lost(), 0);
  turn("token_kind", "offset");
  EXPECT_GT(lost(), 0);
}

TEST_F(ListTask, TokensDieAfterAMinute) {
  add_job("job-1", 200);
  wall = kStart + 30'000;
  Pairs call = {{"JobId", "job-1"}, {"Limit", "50"}};
  const std::string token = one(ask("ListTask", call).body, "NextToken");
  Pairs next = call;
  next.emplace_back("NextToken", token);
  mono_us += 60'000'000 - 2 * 201'000;
  EXPECT_THAT(ask("ListTask", next).body, HasSubstr("\"Success\":true"));
  EXPECT_THAT(ask("ListTask", next).body, HasSubstr("\"Success\":true"));  // exactly 60 s old
  EXPECT_EQ(code("ListTask", next), "iot.job.NextTokenExpired");
  turn("token_ms", "600000");
  EXPECT_THAT(ask("ListTask", next).body, HasSubstr("\"Success\":true"));
  // A pagination token is valid only for its own list.
  next.emplace_back("Status", "QUEUED");
  EXPECT_EQ(code("ListTask", next), "iot.job.InvalidNextToken");
  for (std::string bad : {std::string("x"), std::string("AAAA"), token.substr(4), "A" + token}) {
    EXPECT_EQ(code("ListTask", {{"JobId", "job-1"}, {"Limit", "50"}, {"NextToken", bad}}),
              "iot.job.InvalidNextToken");
  }
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string broken = token;
    broken[random.below(broken.size())] = static_cast<char>(random.below(256));
    if (broken != token) {
      EXPECT_EQ(read_token(broken), std::nullopt);
    }
  }
}

TEST_F(ListTask, ListsADevicesTasks) {
  const Job& one_job = add_job("job-1", 30);
  const Job& two = add_job("job-2", 30);
  wall = kStart + 30'000;
  auto ids = list({{"Limit", "1"},
                   {"Device", R"({"ProductKey":"a1SimProduct", "DeviceName" : "device-000007"})"}});
  EXPECT_THAT(ids, ::testing::UnorderedElementsAre(one_job.tasks[6]->id, two.tasks[6]->id));
  ids = list({{"Limit", "9"}, {"Device", "{\"IotId\":\"" + world.iot_id(*two.tasks[6]) + "\"}"}});
  EXPECT_THAT(ids, ElementsAre(two.tasks[6]->id));
  EXPECT_THAT(list({{"Limit", "9"}, {"Device", R"({"IotId":"nobody"})"}}), IsEmpty());
  EXPECT_EQ(code("ListTask", {{"Limit", "9"}, {"Device", "{}"}}), "iot.common.InvalidParam");
  EXPECT_EQ(parse_device(R"( {"IotId":"a\"\\\/b","Other":"x"} )")->iot_id, "a\"\\/b");
  for (const char* const bad :
       {"", "{", "{}", "[]", R"({"IotId":5})", R"({"IotId":"a"}x)", R"({"IotId":"a)",
        R"({"IotId":"a",})", R"({"IotId":""})", R"({"ProductKey":"p"})", R"({"DeviceName":"d"})",
        R"({"IotId":"a","DeviceName":"d"})", R"({"IotId":"\u0041"})"}) {
    EXPECT_FALSE(parse_device(bad).has_value()) << bad;
  }
}

TEST_F(ListTask, RowsMayBeSkipped) {
  const Job& job = add_job("job-1", 1000);
  wall = kStart + 30'000;
  turn("list_skips", "0.1");
  const auto ids = list({{"JobId", "job-1"}, {"Limit", "50"}});
  const std::set<std::string> seen(ids.begin(), ids.end());
  EXPECT_EQ(seen.size(), ids.size());
  EXPECT_NEAR(static_cast<double>(ids.size()), 900, 50);
  // Different rows are skipped each time.
  const auto again = list({{"JobId", "job-1"}, {"Limit", "50"}});
  const std::set<std::string> other(again.begin(), again.end());
  EXPECT_GT(
      std::count_if(job.tasks.begin(), job.tasks.end(),
                    [&](const Task* t) { return other.contains(t->id) != seen.contains(t->id); }),
      50);
}

TEST_F(ListTask, RowsAgreeWithQueryTask) {
  const Job& job = add_job("job-1", 50, 100);
  turn("progress_bumps_modified", "true");
  turn("progress", "number");
  for (wall = kStart; wall < kStart + 10 * kMinute; wall += 20'000) {
    const std::int64_t t = wall + step_ms;
    const std::string rows = ask("ListTask", {{"JobId", "job-1"}, {"Limit", "50"}}).body;
    for (const Task* const task : job.tasks) {
      const auto state = world.status_at(*task, t);
      ASSERT_THAT(rows, HasSubstr("\"Status\":\"" + state->word + "\"" +
                                  (state->has_progress ? ",\"Progress\":" + state->progress : "") +
                                  ",\"TaskId\":\"" + task->id + "\""));
    }
  }
}

// Measures one list page and one count of a large job in the middle of its roll-out, in CPU time,
// because the machine may be busy.
TEST_F(ListTask, AHundredThousandTasksAreListedQuickly) {
  const auto spent_ms = [this](const std::string& api, const Pairs& parameters, std::string& body) {
    step();
    const Request request = client.v3(api, parameters, wall);
    const std::clock_t begin = std::clock();
    body = cloud.handle(request, now()).body;
    return static_cast<double>(std::clock() - begin) * 1e3 / CLOCKS_PER_SEC;
  };
  add_job("job-1", 100'000, 1000);
  cloud.switches.signature_check = false;
  world.account("a")->quota = {{"ListTask", 1'000'000}, {"QueryJobStatistics", 1'000'000}};
  wall = kStart + 60 * kMinute;
  const Pairs job = {{"JobId", "job-1"}};
  std::string body;
  std::printf("the first call: %.0f ms\n", spent_ms("QueryJobStatistics", job, body));
  constexpr int kCalls = 200;
  for (const char* const kind : {"key", "offset"}) {
    turn("token_kind", kind);
    for (const char* const order : {"id", "newest", "oldest"}) {
      turn("page_order", order);
      Pairs call = {{"JobId", "job-1"}, {"Limit", "50"}, {"Status", "SUCCEEDED"}};
      double spent = 0;
      for (int i = 0; i < kCalls; ++i) {
        spent += spent_ms("ListTask", call, body);
        call.resize(3);
        for (auto& token : all(body, "NextToken")) call.emplace_back("NextToken", token);
      }
      std::printf("a page, %s, %s: %.3f ms\n", order, kind, spent / kCalls);
      EXPECT_LT(spent / kCalls, 10);  // allows for a debug build with sanitizers
    }
  }
  for (const char* const lag : {"0", "5000", "60000"}) {
    turn("statistics_lag_ms", lag);
    double spent = 0;
    for (int i = 0; i < kCalls; ++i) {
      ask("ListTask", {{"JobId", "job-1"}, {"Limit", "1"}});
      spent += spent_ms("QueryJobStatistics", job, body);
    }
    std::printf("statistics, lag %s ms: %.3f ms\n", lag, spent / kCalls);
    EXPECT_LT(spent / kCalls, 20);
  }
}

}  // namespace
}  // namespace iotsim
