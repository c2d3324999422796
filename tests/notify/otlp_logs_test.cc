#include "notify/otlp_logs.h"

#include <gmock/gmock.h>
#include <simdjson.h>

#include <cmath>

namespace taskwatchd {
namespace {

using testing::HasSubstr;

Event event_with_all_types() {
  Event event;
  event.id = 7;
  event.ts = Wall(std::chrono::milliseconds(1795309323004));
  event.level = Level::kWarn;
  event.name = "task_transition";
  event.msg = "task t1 is FAILED";
  event.add("account", "prod");
  event.add("attempt", std::int64_t{9007199254740993});
  event.add("progress", 62.5);
  event.add("flag", true);
  event.add("inferred", StringList{"SENT", "IN_PROGRESS"});
  event.add("labels", StringMap{{"team", "ota"}});
  return event;
}

TEST(OtlpLogs, AreAnExportRequest) {
  EXPECT_EQ(otlp_logs_json({"replica-1", "1.2.3"}, {event_with_all_types()}, EventMark::kNone,
                           Wall(std::chrono::milliseconds(1795309324000))),
            R"({"resourceLogs":[{"resource":{"attributes":[)"
            R"({"key":"service.name","value":{"stringValue":"taskwatchd"}},)"
            R"({"key":"service.instance.id","value":{"stringValue":"replica-1"}},)"
            R"({"key":"service.version","value":{"stringValue":"1.2.3"}}]},)"
            R"("scopeLogs":[{"scope":{"name":"taskwatchd","version":"1.2.3"},"logRecords":[)"
            R"({"timeUnixNano":"1795309323004000000","observedTimeUnixNano":"1795309324000000000",)"
            R"("severityNumber":13,"severityText":"WARN","eventName":"task_transition",)"
            R"("body":{"stringValue":"task t1 is FAILED"},"attributes":[)"
            R"({"key":"event.id","value":{"stringValue":"7"}},)"
            R"({"key":"account","value":{"stringValue":"prod"}},)"
            R"({"key":"attempt","value":{"intValue":"9007199254740993"}},)"
            R"({"key":"progress","value":{"doubleValue":62.5}},)"
            R"({"key":"flag","value":{"boolValue":true}},)"
            R"({"key":"inferred","value":{"arrayValue":{"values":[{"stringValue":"SENT"},)"
            R"({"stringValue":"IN_PROGRESS"}]}}},)"
            R"({"key":"labels","value":{"kvlistValue":{"values":[{"key":"team","value":)"
            R"({"stringValue":"ota"}}]}}}]}]}]}]})");
}

TEST(OtlpLogs, HaveTheSeverityOfTheLevel) {
  const std::vector<std::pair<Level, std::string>> all = {
      {Level::kDebug, R"("severityNumber":5,"severityText":"DEBUG")"},
      {Level::kInfo, R"("severityNumber":9,"severityText":"INFO")"},
      {Level::kWarn, R"("severityNumber":13,"severityText":"WARN")"},
      {Level::kError, R"("severityNumber":17,"severityText":"ERROR")"}};
  for (const auto& [level, text] : all) {
    Event event;
    event.level = level;
    EXPECT_THAT(otlp_logs_json({}, {event}, EventMark::kNone, Wall()), HasSubstr(text));
  }
}

TEST(OtlpLogs, SpellNumbersThatJsonLacks) {
  Event event;
  event.add("a", std::nan(""));
  event.add("b", -HUGE_VAL);
  const std::string json = otlp_logs_json({}, {event}, EventMark::kNone, Wall());
  EXPECT_THAT(json, HasSubstr(R"("doubleValue":"NaN")"));
  EXPECT_THAT(json, HasSubstr(R"("doubleValue":"-Infinity")"));
}

TEST(OtlpLogs, ABatchKeepsItsOrderWhateverTheTexts) {
  std::vector<Event> events;
  for (std::size_t i = 0; i < kMaxOtlpRecords; ++i) {
    Event event;
    event.id = i + 1;
    event.msg = "\"}]\x1B[2J\n\xFF\xE2\x80\xAE";
    event.add("status_message", std::string(10'000, '"'));
    events.push_back(event);
  }
  const std::string json = otlp_logs_json({"\"", "\n"}, events, EventMark::kNone, Wall());
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  ASSERT_EQ(parser.parse(json).get(root), simdjson::SUCCESS);
  simdjson::dom::array records;
  ASSERT_EQ(root.at_pointer("/resourceLogs/0/scopeLogs/0/logRecords").get(records),
            simdjson::SUCCESS);
  std::size_t next = 1;
  for (const auto record : records) {
    const std::string_view id = record.at_pointer("/attributes/0/value/stringValue");
    EXPECT_EQ(id, std::to_string(next++));
  }
  EXPECT_EQ(next, kMaxOtlpRecords + 1);
}

}  // namespace
}  // namespace taskwatchd
