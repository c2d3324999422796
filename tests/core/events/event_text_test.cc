// Events written as JSON and logfmt, and read back.
#include "core/events/event_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "core/types/utf8.h"

#include "core/events/json.h"

namespace taskwatchd {
namespace {

using testing::HasSubstr;
using testing::Not;

Event sample() {
  Event e;
  e.id = 7;
  e.ts = *parse_utc("2026-11-22T01:02:03.004Z");
  e.level = Level::kWarn;
  e.name = "task_transition";
  e.msg = "task T1 is FAILED";
  e.fields = {{"account", "prod"},
              {"attempt", std::int64_t{2}},
              {"progress", 80.0},
              {"replayed", false},
              {"inferred", StringList{"SENT", "IN_PROGRESS"}},
              {"labels", StringMap{{"team", "ota"}, {"site", "north wing"}}},
              {"status_message", "no \"space\" left"},
              {"status_text", ""}};
  return e;
}

TEST(EventJson, WritesTheFieldsInOrder) {
  EXPECT_EQ(to_json(sample()),
            R"({"ts":"2026-11-22T01:02:03.004Z","level":"warn","event":"task_transition",)"
            R"("msg":"task T1 is FAILED","id":7,"account":"prod","attempt":2,"progress":80.0,)"
            R"("replayed":false,"inferred":["SENT","IN_PROGRESS"],)"
            R"("labels":{"team":"ota","site":"north wing"},)"
            R"("status_message":"no \"space\" left","status_text":""})");
}

TEST(EventJson, LeavesOutNoIdAndNoName) {
  Event e;
  e.msg = "x";
  EXPECT_EQ(to_json(e), R"({"ts":"1970-01-01T00:00:00.000Z","level":"info","msg":"x"})");
}

TEST(EventJson, WritesFieldsAloneAsAnObject) {
  EXPECT_EQ(JsonObject().text(), "{}");
  EXPECT_EQ(
      JsonObject({{"task_id", "T1"}, {"progress", std::int64_t{62}}, {"message", "a\nb"}}).text(),
      R"({"task_id":"T1","progress":62,"message":"a\nb"})");
}

TEST(EventLogfmt, QuotesWhereNeeded) {
  EXPECT_EQ(to_logfmt(sample()),
            "ts=2026-11-22T01:02:03.004Z level=warn event=task_transition "
            "msg=\"task T1 is FAILED\" id=7 account=prod attempt=2 progress=80 replayed=false "
            "inferred=SENT,IN_PROGRESS labels.team=ota labels.site=\"north wing\" "
            "status_message=\"no \\\"space\\\" left\" status_text=\"\"");
  Event e;
  e.fields = {{"a", "x=1"}, {"b", "back\\slash"}, {"c", "é"}, {"d", StringList{}}, {"e", 12.5}};
  EXPECT_THAT(to_logfmt(e), HasSubstr(R"( msg="" a="x=1" b="back\\slash" c=é d="" e=12.5)"));
}

TEST(EventLogfmt, AKeyCannotEndItself) {
  Event e;
  e.fields = {{"labels", StringMap{{"a b=\"\n", "v"}}}};
  EXPECT_THAT(to_logfmt(e), HasSubstr(" labels.a_b___=v"));
}

TEST(EventText, ADeviceCannotForgeALine) {
  Event e;
  e.fields = {{"status_message",
               "ok\n[info] task 1 SUCCEEDED\x1b[2J\x07\r\x7f\xC2\x85"
               "\xE2\x80\xA8\xE2\x80\xAE\xE2\x81\xA6\xD8\x9C\xE2\x80\x8F end"}};
  const char* const escaped = R"("ok\n[info] task 1 SUCCEEDED\u001b[2J\u0007\u000d\u007f\u0085)"
                              R"(\u2028\u202e\u2066\u061c\u200f end")";
  EXPECT_THAT(to_json(e), HasSubstr(escaped));
  EXPECT_THAT(to_logfmt(e), HasSubstr(std::string("status_message=") + escaped));
}

TEST(EventText, BytesThatAreNotUtf8) {
  Event e;
  e.msg = "a\xFFz";
  EXPECT_THAT(to_json(e), HasSubstr("\"a\xEF\xBF\xBDz\""));
  EXPECT_THAT(to_logfmt(e), HasSubstr("\"a\xEF\xBF\xBDz\""));
}

TEST(EventText, Levels) {
  EXPECT_EQ(name(Level::kDebug), "debug");
  EXPECT_EQ(name(Level::kInfo), "info");
  EXPECT_EQ(name(Level::kWarn), "warn");
  EXPECT_EQ(name(Level::kError), "error");
}

TEST(EventTextDeathTest, AFieldMayNotTakeAnOwnName) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const char* own : {"ts", "level", "event", "msg", "id"}) {
    Event e;
    e.fields = {{own, "x"}};
    EXPECT_DEATH(to_json(e), "is_own_name");
  }
}

TEST(EventJson, ReadsBack) {
  EXPECT_EQ(event_from_json(to_json(sample())), sample());
}

TEST(EventJson, NumbersKeepTheirKind) {
  Event e;
  for (const double d : {0.0, -0.0, 1.0, 80.0, 0.1, -12.5, 1e21, 1e-7, 5e-324, 123456789012345680.0,
                         std::numeric_limits<double>::max()}) {
    e.fields.push_back({"d", d});
  }
  for (const std::int64_t i :
       {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min(),
        std::numeric_limits<std::int64_t>::max()}) {
    e.fields.push_back({"i", i});
  }
  e.id = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(event_from_json(to_json(e)), e);
  e.fields = {{"d", std::nan("")}};
  EXPECT_THAT(to_json(e), HasSubstr("\"d\":null"));
  const auto back = event_from_json(to_json(e));
  ASSERT_TRUE(back);
  EXPECT_TRUE(std::isnan(std::get<double>(back->fields.at(0).value)));
}

TEST(EventJson, RefusesWhatItDidNotWrite) {
  const std::string ts = R"("ts":"2026-11-22T01:02:03.004Z")";
  const std::string cases[] = {
      "",
      "{}",
      "[]",
      "x",
      "{",
      "{" + ts + R"(,"level":"info"})",
      "{" + ts + R"(,"msg":"x"})",
      R"({"level":"info","msg":"x"})",
      R"({"ts":"today","level":"info","msg":"x"})",
      "{" + ts + R"(,"level":"loud","msg":"x"})",
      "{" + ts + R"(,"level":"info","msg":7})",
      "{" + ts + R"(,"level":"info","msg":"x","id":-1})",
      "{" + ts + R"(,"level":"info","msg":"x","id":"7"})",
      "{" + ts + R"(,"level":"info","msg":"x","msg":"y"})",
      "{" + ts + R"(,"level":"info","msg":"x","list":[1]})",
      "{" + ts + R"(,"level":"info","msg":"x","map":{"a":1}})",
      "{" + ts + R"(,"level":"info","msg":"x","n":18446744073709551615})",
      "{" + ts + R"(,"level":"info","msg":"x"}x)",
      "{" + ts + R"(,"level":"info","msg":"x","deep":)" + std::string(50, '[') +
          std::string(50, ']') + "}",
  };
  for (const std::string& text : cases) EXPECT_FALSE(event_from_json(text)) << text;
  EXPECT_TRUE(event_from_json("{" + ts + R"(,"level":"info","msg":"x"})"));
}

class RandomEvents {
 public:
  explicit RandomEvents(unsigned seed) : random_(seed) {}

  std::string text() {
    constexpr char32_t kEdges[] = {0,      '\n',   '"',    '\\',    0x1B,    0x7F,   0x85,
                                   0x61C,  0x2028, 0x202E, 0x2066,  0xD7FF,  0xE000, 0xFFFD,
                                   0xFFFF, 0x7FF,  0x800,  0x10000, 0x10FFFF};
    std::string out;
    for (auto n = random_() % 12; n > 0; --n) {
      char32_t c = kEdges[random_() % std::size(kEdges)];
      if (random_() % 3 != 0) c = static_cast<char32_t>(0x20 + random_() % 0x5F);
      append(out, c);
    }
    return out;
  }
  FieldValue value() {
    switch (random_() % 6) {
      case 0:
        return text();
      case 1:
        return static_cast<std::int64_t>(random_());
      case 2:
        return random_() % 2 == 0;
      case 3: {
        double d = 0;
        do {
          const std::uint64_t bits = random_();
          std::memcpy(&d, &bits, sizeof d);
        } while (!std::isfinite(d));
        return random_() % 2 == 0 ? d : std::trunc(std::fmod(d, 1e6));
      }
      case 4: {
        StringList list;
        for (auto n = random_() % 4; n > 0; --n) list.push_back(text());
        return list;
      }
      default: {
        StringMap map;
        for (auto n = random_() % 4; n > 0; --n) map.emplace_back(text(), text());
        return map;
      }
    }
  }
  Event event() {
    Event e;
    e.id = random_() % 3 == 0 ? 0 : random_();
    e.ts = Wall(std::chrono::milliseconds(random_() % 253402300800000));
    e.level = static_cast<Level>(random_() % 4);
    if (random_() % 4 != 0) e.name = text() + 'x';
    e.msg = text();
    for (auto n = random_() % 6; n > 0; --n) e.fields.push_back({text() + '_', value()});
    return e;
  }

 private:
  static void append(std::string& out, char32_t c) {
    const auto byte = [&](char32_t b) { out += static_cast<char>(static_cast<unsigned char>(b)); };
    if (c < 0x80) return byte(c);
    if (c < 0x800) {
      byte(0xC0 | (c >> 6));
    } else if (c < 0x10000) {
      byte(0xE0 | (c >> 12));
      byte(0x80 | ((c >> 6) & 0x3F));
    } else {
      byte(0xF0 | (c >> 18));
      byte(0x80 | ((c >> 12) & 0x3F));
      byte(0x80 | ((c >> 6) & 0x3F));
    }
    byte(0x80 | (c & 0x3F));
  }

  std::mt19937_64 random_;
};

// Checks that the text has nothing that ends a line, moves a cursor or changes the text direction.
void expect_printable(const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char c = utf8_at(text, at);
    ASSERT_GT(c.size, 0u) << "not UTF-8";
    ASSERT_FALSE(must_escape(c.code)) << "U+" << std::hex << static_cast<unsigned>(c.code);
    at += c.size;
  }
}

TEST(EventJson, AnyEventReadsBack) {
  RandomEvents random(42);
  for (int i = 0; i < 5000; ++i) {
    const Event e = random.event();
    const std::string json = to_json(e);
    ASSERT_EQ(event_from_json(json), e) << json;
    expect_printable(json);
    expect_printable(to_logfmt(e));
  }
}

}  // namespace
}  // namespace taskwatchd
