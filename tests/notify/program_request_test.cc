#include "notify/program_request.h"

#include <gmock/gmock.h>
#include <simdjson.h>

#include "core/events/event_fields.h"
#include "notify/webhook_signature.h"

namespace taskwatchd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const Wall kNow = *parse_utc("2026-11-28T01:00:00.500Z");
const NotifySource kSource{{"https://tw.example", "r1"}, {"r1", "1.2.3"}};

SinkConfig sink_of(SinkFormat format) {
  SinkConfig sink;
  sink.name = "hook";
  sink.format = format;
  return sink;
}

SinkAccess access_of(std::vector<Secret> keys = {}) {
  SinkAccess access;
  access.url = Secret("https://hook.example/in");
  access.keys = std::move(keys);
  access.headers = {{"Authorization", Secret("Bearer x")}};
  return access;
}

HttpRequest request_of(SinkFormat format, const Event& event, EventMark mark,
                       std::vector<Secret> keys = {}) {
  return program_request(sink_of(format), kSource, access_of(std::move(keys)), {&event}, mark,
                         kNow);
}

std::string header(const HttpRequest& request, const std::string& name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return "absent";
}

Event stored_event() {
  Event event = sample_event(false, kNow);
  event.id = 42;
  return event;
}

TEST(ProgramRequest, ACloudEventIsPostedWithItsHeaders) {
  const HttpRequest request = request_of(SinkFormat::kCloudEvents, stored_event(), EventMark::kNone,
                                         {Secret(std::string(24, 'k'))});
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://hook.example/in");
  EXPECT_EQ(header(request, "Authorization"), "Bearer x");
  EXPECT_EQ(header(request, "content-type"), "application/cloudevents+json");
  EXPECT_EQ(header(request, "webhook-id"), "42");
  EXPECT_EQ(header(request, "webhook-timestamp"), "1795827600");
  EXPECT_THAT(header(request, "webhook-signature"), testing::StartsWith("v1,"));
  EXPECT_THAT(request.body, HasSubstr(R"("id":"42")"));
  EXPECT_THAT(request.body, Not(HasSubstr(R"("test")")));
  EXPECT_THAT(request.body, Not(HasSubstr(R"("replayed")")));
}

TEST(ProgramRequest, WithoutASecretThereIsNoSignature) {
  const HttpRequest request =
      request_of(SinkFormat::kCloudEvents, stored_event(), EventMark::kNone);
  EXPECT_EQ(header(request, "webhook-signature"), "absent");
}

TEST(ProgramRequest, ANewAttemptHasTheSameIdAndANewTime) {
  const Event event = stored_event();
  const std::vector<Secret> keys = {Secret(std::string(24, 'k'))};
  const auto at = [&](Wall now) {
    return program_request(sink_of(SinkFormat::kCloudEvents), kSource, access_of(keys), {&event},
                           EventMark::kNone, now);
  };
  const HttpRequest first = at(kNow), second = at(kNow + std::chrono::minutes(10));
  EXPECT_EQ(first.body, second.body);
  EXPECT_EQ(header(first, "webhook-id"), header(second, "webhook-id"));
  EXPECT_NE(header(first, "webhook-timestamp"), header(second, "webhook-timestamp"));
  EXPECT_NE(header(first, "webhook-signature"), header(second, "webhook-signature"));
}

TEST(ProgramRequest, AReplayedEventKeepsItsIdAndIsMarked) {
  const HttpRequest cloud =
      request_of(SinkFormat::kCloudEvents, stored_event(), EventMark::kReplayed);
  EXPECT_THAT(cloud.body, HasSubstr(R"("replayed":true)"));
  EXPECT_THAT(cloud.body, HasSubstr(R"("id":"42")"));
  EXPECT_EQ(header(cloud, "webhook-id"), "42");
  const HttpRequest otlp = request_of(SinkFormat::kOtlp, stored_event(), EventMark::kReplayed);
  EXPECT_THAT(otlp.body, HasSubstr(R"({"key":"replayed","value":{"boolValue":true}})"));
  EXPECT_THAT(otlp.body, HasSubstr(R"({"key":"event.id","value":{"stringValue":"42"}})"));
}

TEST(ProgramRequest, ATestIsMarked) {
  const Event sample = sample_event(false, kNow);
  const std::string key = event_key(sample);
  const HttpRequest cloud = request_of(SinkFormat::kCloudEvents, sample, EventMark::kTest);
  EXPECT_THAT(cloud.body, HasSubstr(R"("test":true)"));
  EXPECT_THAT(cloud.body, HasSubstr("\"id\":\"" + key + "\""));
  EXPECT_EQ(header(cloud, "webhook-id"), key);
  const HttpRequest otlp = request_of(SinkFormat::kOtlp, sample, EventMark::kTest);
  EXPECT_THAT(otlp.body, HasSubstr(R"({"key":"test","value":{"boolValue":true}})"));
}

TEST(ProgramRequest, OtlpIsABatchOfAllEvents) {
  const Event first = stored_event();
  Event second = sample_event(true, kNow);
  second.id = 43;
  const HttpRequest request = program_request(sink_of(SinkFormat::kOtlp), kSource, access_of(),
                                              {&first, &second}, EventMark::kNone, kNow);
  EXPECT_EQ(header(request, "content-type"), "application/json");
  EXPECT_EQ(header(request, "Authorization"), "Bearer x");
  EXPECT_EQ(header(request, "webhook-id"), "absent");
  simdjson::dom::parser parser;
  simdjson::dom::array records;
  ASSERT_EQ(
      parser.parse(request.body).at_pointer("/resourceLogs/0/scopeLogs/0/logRecords").get(records),
      simdjson::SUCCESS);
  EXPECT_EQ(records.size(), 2u);
}

TEST(EventKey, IsTheIdOfAStoredEvent) {
  EXPECT_EQ(event_key(stored_event()), "42");
}

TEST(EventKey, OfAnotherEventIsItsNameAndTime) {
  EXPECT_EQ(event_key(heartbeat_event({}, kNow)), "heartbeat-1795827600500");
  EXPECT_NE(event_key(heartbeat_event({}, kNow)),
            event_key(heartbeat_event({}, kNow + std::chrono::seconds(10))));
  EXPECT_NE(event_key(heartbeat_event({}, kNow)), event_key(sample_event(false, kNow)));
}

TEST(SampleEvent, IsAFailureThatSaysThatNothingFailed) {
  const Event failure = sample_event(false, kNow);
  EXPECT_EQ(failure.id, 0u);
  EXPECT_EQ(failure.ts, kNow);
  EXPECT_EQ(failure.name, "task_transition");
  EXPECT_EQ(failure.level, Level::kWarn);
  EXPECT_THAT(failure.msg, HasSubstr("TEST, nothing failed"));
  EXPECT_EQ(text_field(failure, "from"), "IN_PROGRESS");
  EXPECT_EQ(text_field(failure, "to"), "FAILED");
  EXPECT_EQ(text_field(failure, "observed_at"), "2026-11-28T01:00:00.500Z");
}

TEST(SampleEvent, ItsRecoveryHasAnotherKeyEvenInTheSameMillisecond) {
  EXPECT_NE(event_key(sample_event(false, kNow)), event_key(sample_event(true, kNow)));
}

TEST(SampleEvent, ItsRecoveryIsOfTheSameTask) {
  const Event failure = sample_event(false, kNow), recovery = sample_event(true, kNow);
  EXPECT_EQ(recovery.level, Level::kInfo);
  EXPECT_EQ(text_field(recovery, "from"), "FAILED");
  EXPECT_EQ(text_field(recovery, "to"), "SUCCEEDED");
  EXPECT_EQ(cloud_event_subject(recovery), cloud_event_subject(failure));
}

TEST(HeartbeatEvent, HasTheNumbersOfTheDaemon) {
  ChatHeartbeat numbers;
  numbers.accounts = 2;
  numbers.jobs = 30;
  numbers.open_failures = 4;
  numbers.sinks_failing = {"ops"};
  const Event event = heartbeat_event(numbers, kNow);
  EXPECT_EQ(event.name, "heartbeat");
  EXPECT_EQ(event.ts, kNow);
  EXPECT_EQ(event.level, Level::kInfo);
  EXPECT_THAT(event.fields,
              ElementsAre(Field{"accounts", std::int64_t{2}}, Field{"jobs", std::int64_t{30}},
                          Field{"jobs_with_failures", std::int64_t{4}},
                          Field{"sinks_failing", StringList{"ops"}}));
  const std::string body = request_of(SinkFormat::kCloudEvents, event, EventMark::kNone).body;
  EXPECT_THAT(body, HasSubstr("taskwatchd.heartbeat.v1"));
  EXPECT_THAT(body, Not(HasSubstr("subject")));
}

}  // namespace
}  // namespace taskwatchd
