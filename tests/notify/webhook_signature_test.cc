#include "notify/webhook_signature.h"

#include <gtest/gtest.h>

#include "notify/sink_secrets.h"

namespace taskwatchd {
namespace {

Wall at_seconds(std::int64_t unix_seconds) {
  return Wall(std::chrono::seconds(unix_seconds));
}

// The test vector of Standard Webhooks' own libraries. Also computed by Python: base64.b64encode(
// hmac.new(base64.b64decode(secret[6:]), b"ID.TIMESTAMP.BODY", "sha256").digest())
TEST(WebhookSignature, IsThatOfThePublishedExample) {
  const auto secrets =
      parse_sink_secrets(SinkFormat::kCloudEvents, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
  ASSERT_EQ(secrets.keys.size(), 1U) << secrets.problem;
  const auto headers = webhook_headers(secrets.keys, "msg_p5jXN8AQM9LWM0D4loKWxJek",
                                       at_seconds(1614265330), R"({"test": 2432232314})");
  const std::vector<std::pair<std::string, std::string>> wanted = {
      {"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
      {"webhook-timestamp", "1614265330"},
      {"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}};
  EXPECT_EQ(headers, wanted);
}

TEST(WebhookSignature, HasOnePartForEachSecret) {
  const auto secrets = parse_sink_secrets(SinkFormat::kCloudEvents,
                                          "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"
                                          "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
  ASSERT_EQ(secrets.keys.size(), 2U) << secrets.problem;
  // The milliseconds do not count.
  const auto headers = webhook_headers(
      secrets.keys, "7", at_seconds(1700000000) + std::chrono::milliseconds(999), "{}");
  const auto first = webhook_headers({secrets.keys[0]}, "7", at_seconds(1700000000), "{}");
  EXPECT_EQ(headers.at(1).second, "1700000000");
  EXPECT_EQ(headers.at(2).second,
            first.at(2).second + " v1,a2h0NNX7M12iCxKmKlljBTQ7oDz1bduyzOOPyPPVlMo=");
}

TEST(WebhookSignature, IsAbsentWithoutASecret) {
  const auto headers = webhook_headers({}, "7", at_seconds(1), "");
  ASSERT_EQ(headers.size(), 2U);
  EXPECT_EQ(headers[0].second, "7");
}

TEST(WebhookSignature, CoversIdTimeAndBody) {
  const std::vector<Secret> keys = {Secret("0123456789abcdef01234567")};
  const auto sign = [&keys](std::string_view id, std::int64_t seconds, std::string_view body) {
    return webhook_headers(keys, id, at_seconds(seconds), body).at(2).second;
  };
  EXPECT_EQ(sign("1", 5, "a"), sign("1", 5, "a"));
  EXPECT_NE(sign("1", 5, "a"), sign("2", 5, "a"));
  EXPECT_NE(sign("1", 5, "a"), sign("1", 6, "a"));
  EXPECT_NE(sign("1", 5, "a"), sign("1", 5, "b"));
}

}  // namespace
}  // namespace taskwatchd
