#include "notify/cloud_event.h"

#include <gmock/gmock.h>
#include <simdjson.h>

namespace taskwatchd {
namespace {

using testing::HasSubstr;
using testing::Not;

Event failed_task() {
  Event event;
  event.id = 18446744073709551615U;
  event.ts = Wall(std::chrono::milliseconds(1795309323004));
  event.level = Level::kWarn;
  event.name = "task_transition";
  event.msg = "task t1 is FAILED, was SENT";
  event.add("account", "prod");
  event.add("job_id", "j1");
  event.add("task_id", "t1");
  event.add("attempt", std::int64_t{2});
  event.add("progress", 62.5);
  event.add("inferred", StringList{"IN_PROGRESS"});
  event.add("labels", StringMap{{"team", "ota"}});
  return event;
}

TEST(CloudEvent, HasEveryAttribute) {
  EXPECT_EQ(
      cloud_event_json({"https://tw.example/x", "r1"}, failed_task(), EventMark::kNone),
      R"({"specversion":"1.0","id":"18446744073709551615",)"
      R"("source":"https://tw.example/x/accounts/prod","type":"taskwatchd.task_transition.v1",)"
      R"("subject":"t1","time":"2026-11-22T01:02:03.004Z","datacontenttype":"application/json",)"
      R"("data":{"level":"warn","msg":"task t1 is FAILED, was SENT","account":"prod","job_id":"j1",)"
      R"("task_id":"t1","attempt":2,"progress":62.5,"inferred":["IN_PROGRESS"],)"
      R"("labels":{"team":"ota"}}})");
}

TEST(CloudEvent, SourceIsTheReplicaWithoutAUrl) {
  EXPECT_EQ(cloud_event_source({"", "replica 1/x"}, failed_task()),
            "urn:taskwatchd:replica%201%2Fx/accounts/prod");
  EXPECT_EQ(cloud_event_source({"", "r"}, Event{}), "urn:taskwatchd:r");
}

TEST(CloudEvent, SubjectIsWhatTheEventIsAbout) {
  const auto subject = [](std::vector<Field> fields) {
    Event event;
    event.fields = std::move(fields);
    return std::string(cloud_event_subject(event));
  };
  EXPECT_EQ(subject({{"job_id", "j"}, {"task_id", "t"}}), "t");
  EXPECT_EQ(subject({{"job_id", "j"}, {"task_id", ""}}), "j");
  EXPECT_EQ(subject({{"distribution_id", "d"}}), "d");
  EXPECT_EQ(subject({{"account", "prod"}}), "");
  EXPECT_THAT(cloud_event_json({"", "r"}, Event{}, EventMark::kNone), Not(HasSubstr("subject")));
}

TEST(CloudEvent, IsMarkedWhenReplayed) {
  EXPECT_THAT(cloud_event_json({"", "r"}, failed_task(), EventMark::kReplayed),
              HasSubstr(R"("replayed":true)"));
  EXPECT_THAT(cloud_event_json({"", "r"}, failed_task(), EventMark::kNone),
              Not(HasSubstr("replayed")));
}

TEST(CloudEvent, HostileTextStaysData) {
  Event event = failed_task();
  const std::string text = "\"},\"id\":\"1\x1B[2J\n\xE2\x80\xAE\xFF\\" + std::string(1 << 20, 'x');
  event.add("status_message", text);
  const std::string json = cloud_event_json({"", "r"}, event, EventMark::kNone);
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  ASSERT_EQ(parser.parse(json).get(root), simdjson::SUCCESS);
  EXPECT_EQ(std::string_view(root["id"]), "18446744073709551615");
  const std::string_view message = root["data"]["status_message"];
  EXPECT_EQ(message.substr(0, 12), "\"},\"id\":\"1\x1B[");
  EXPECT_EQ(json.find('\x1B'), std::string::npos);
  EXPECT_EQ(json.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace taskwatchd
