// Hostile response bodies. None may crash the reader, make it hang, or be read as a valid task.
#include <gtest/gtest.h>

#include <random>

#include "cloud/envelope.h"
#include "cloud/reply.h"
#include "cloud/reply_fixture.h"

namespace taskwatchd {
namespace {

std::string good() {
  return good_body(kNeeded + R"(,"Status":"FAILED","Progress":"7")");
}

std::string with_message(const std::string& raw) {
  return good_body(kNeeded + ",\"Status\":\"SENT\",\"Message\":\"" + raw + '"');
}

bool is_task(const std::string& body) {
  return std::holds_alternative<TaskReply>(read_query_task(reply(200, body)));
}

TEST(Hostile, TheBaseIsGood) {
  EXPECT_TRUE(is_task(good()));
}

TEST(Hostile, EncodingsThatAreNotJson) {
  const std::string bodies[] = {
      "\xEF\xBB\xBF" + good(),               // byte order mark
      good() + "x",                          // trailing bytes
      good() + good(),                       // two documents
      good() + std::string(1, '\0'),         // trailing NUL
      std::string(1, '\0') + good(),         // leading NUL
      with_message(std::string("a\0b", 3)),  // raw NUL in a string
      with_message("a\nb"),                  // raw line end in a string
      with_message("\xff"),                  // not UTF-8
      with_message("\xC0\xAF"),              // overlong
      with_message("\xED\xA0\x80"),          // a surrogate encoded in UTF-8
      with_message("\xF4\x90\x80\x80"),      // above U+10FFFF
      with_message(R"(\ud800)"),             // lone high surrogate
      with_message(R"(\udc00)"),             // lone low surrogate
      with_message(R"(\x41)"),               // unknown escape
      with_message(R"(\u00g0)"),
      "{\"Success\":true,\"Data\":{" + kNeeded + ",\"Status\":\"SENT\",}}",
      "{'Success':true}",
      "\x1f\x8b\x08",  // gzip, which the request did not accept
      good_body(kNeeded + R"(,"Status":"SENT","Progress":1e99999)"),
      good_body(kNeeded + R"(,"Status":"SENT","Progress":)" + std::string(400, '9')),
      good_body(kNeeded + R"(,"Status":"SENT","Progress":007)"),
      good_body(kNeeded + R"(,"Status":"SENT","Progress":NaN)"),
  };
  for (const std::string& body : bodies) {
    EXPECT_EQ(failure_of(reply(200, body)).reason, Reason::kProtocol) << body.substr(0, 200);
  }
}

TEST(Hostile, EveryCutIsRefused) {
  const std::string body = good();
  for (std::size_t n = 0; n < body.size(); ++n) {
    EXPECT_EQ(failure_of(reply(200, body.substr(0, n))).reason, Reason::kProtocol) << n;
  }
}

TEST(Hostile, DepthIsLimited) {
  for (const std::size_t depth : {std::size_t{100}, std::size_t{5000}, std::size_t{200000}}) {
    EXPECT_FALSE(is_task(std::string(depth, '[')));
    EXPECT_FALSE(is_task(std::string(depth, '[') + std::string(depth, ']')));
    EXPECT_FALSE(is_task(good_body(kNeeded + R"(,"Status":"SENT","Deep":)" +
                                   std::string(depth, '[') + std::string(depth, ']'))));
  }
  EXPECT_TRUE(is_task(good_body(kNeeded + R"(,"Status":"SENT","Deep":)" + std::string(20, '[') +
                                std::string(20, ']'))));
}

TEST(Hostile, SizeIsLimited) {
  const std::string just = with_message(std::string(kReplyLimit - 400, 'a'));
  EXPECT_TRUE(is_task(just));
  const Failure f = failure_of(reply(200, with_message(std::string(kReplyLimit, 'a'))));
  EXPECT_EQ(f.reason, Reason::kProtocol);
  EXPECT_LE(f.message.size(), 256u);
}

TEST(Hostile, ManyMembers) {
  std::string data = kNeeded + R"(,"Status":"SENT")";
  for (int i = 0; i < 60000; ++i) data += ",\"x\":1";
  EXPECT_TRUE(is_task(good_body(data)));
}

// With any single bit changed, the body is read as a task or as a failure. The status is never a
// different known one.
TEST(Hostile, EverySingleByteFlip) {
  const std::string body = good();
  for (std::size_t at = 0; at < body.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = body;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      const Outcome outcome = read_query_task(reply(200, flipped));
      if (const auto* task = std::get_if<TaskReply>(&outcome)) {
        EXPECT_TRUE(task->status == TaskStatus::kFailed || task->status == TaskStatus::kUnknown);
        EXPECT_FALSE(task->task_id.empty());
      } else {
        EXPECT_LE(std::get<Failure>(outcome).message.size(), 256u);
      }
    }
  }
}

// Cuts each sample at each position and changes each byte. A cut sample is a failure; a changed one
// is a response of the same kind or a failure.
TEST(Hostile, EveryCallsSampleCutAndChanged) {
  const std::pair<Api, const char*> samples[] = {
      {Api::kListTask, "list_task.json"},
      {Api::kQueryJobStatistics, "query_job_statistics.json"},
      {Api::kQueryJob, "query_job.json"},
      {Api::kListJob, "list_job.json"}};
  for (const auto& [api, file] : samples) {
    const std::string body = sample(file);
    const std::size_t kind = read_reply(api, reply(200, body)).index();
    const std::size_t end = body.rfind('}');
    for (std::size_t at = 0; at < end; ++at) {
      EXPECT_EQ(failure_of(reply(200, body.substr(0, at)), api).reason, Reason::kProtocol) << at;
      std::string changed = body;
      changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
      const Outcome outcome = read_reply(api, reply(200, changed));
      const auto* failure = std::get_if<Failure>(&outcome);
      EXPECT_TRUE(failure != nullptr || outcome.index() == kind) << changed;
      EXPECT_LE(failure == nullptr ? 0 : failure->message.size(), 256u);
    }
  }
}

TEST(Hostile, ErrorsOfTheGatewayAreTheSameForEachCall) {
  for (const Api api :
       {Api::kQueryTask, Api::kListTask, Api::kQueryJobStatistics, Api::kQueryJob, Api::kListJob}) {
    EXPECT_EQ(failure_of(reply(400, sample("throttling.json")), api).reason, Reason::kThrottled);
    EXPECT_EQ(failure_of(reply(400, sample("throttling.xml")), api).reason, Reason::kThrottled);
    EXPECT_EQ(failure_of(reply(200, sample("in_band.json")), api).reason, Reason::kServerError);
    EXPECT_EQ(failure_of(reply(200, sample("login.html")), api).reason, Reason::kProtocol);
  }
}

TEST(Hostile, RandomXml) {
  std::mt19937 random(7);
  const char* const pieces[] = {"<Error>",   "</Error>", "<Code>",    "</Code>", "Throttling",
                                "<![CDATA[", "]]>",      "&amp;",     "&",       "<?xml",
                                "?>",        "<",        "<Message>", ">",       "</Message>"};
  for (int round = 0; round < 20000; ++round) {
    std::string body = "<Error>";
    for (auto n = random() % 12; n > 0; --n) body += pieces[random() % std::size(pieces)];
    const Failure f = failure_of(reply(400, body));
    EXPECT_TRUE(f.reason == Reason::kProtocol || f.reason == Reason::kBadRequest ||
                f.reason == Reason::kThrottled)
        << body;
    EXPECT_LE(f.message.size(), 256u);
  }
}

}  // namespace
}  // namespace taskwatchd
