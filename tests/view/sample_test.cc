#include "view/sample.h"

#include <gmock/gmock.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <limits>
#include <random>
#include <vector>

#include "core/events/device_text.h"

namespace taskwatchd {
namespace {

std::string by_prometheus(const prometheus::MetricFamily& family) {
  return prometheus::TextSerializer().Serialize({family});
}

double random_value(std::mt19937_64& random) {
  static constexpr std::array<double, 10> kOdd = {0,
                                                  -0.0,
                                                  1,
                                                  1e15,
                                                  1e16,
                                                  1e17,
                                                  0.07,
                                                  std::numeric_limits<double>::infinity(),
                                                  -std::numeric_limits<double>::infinity(),
                                                  std::numeric_limits<double>::quiet_NaN()};
  if (random() % 2 == 0) return kOdd[random() % kOdd.size()];
  return std::bit_cast<double>(random());  // any bit pattern
}

std::string random_text(std::mt19937_64& random) {
  static constexpr std::string_view kOdd = "ab\"\\\n\r\t{},= \x01\x7f\xff\xc3\xa9\xe2\x80\xae";
  std::string text;
  for (auto n = random() % 12; n > 0; --n) text += kOdd[random() % kOdd.size()];
  return repair_utf8(text);
}

TEST(Sample, BothWritersGiveTheSameBytes) {
  std::mt19937_64 random(20261122);
  for (int round = 0; round < 2000; ++round) {
    const Family& shown = family(round % 2 == 0 ? FamilyId::kTasks : FamilyId::kAnomalies);
    prometheus::MetricFamily values = empty_family(shown);
    std::string text;
    append_head(text, shown);
    for (int i = 0; i < 3; ++i) {
      const std::string one = random_text(random);
      const std::string two = random_text(random);
      const std::array<Label, 2> labels = {{{"one", one}, {"two", two}}};
      const Labels some = Labels(labels).first(random() % 3);
      const double value = random_value(random);
      append_sample(text, shown, some, value);
      add_sample(values, some, value);
    }
    ASSERT_EQ(text, by_prometheus(values)) << "round " << round;
  }
}

TEST(Sample, StatesAreSamplesOfWhichOneIsOne) {
  std::mt19937_64 random(20261122);
  const Family& shown = family(FamilyId::kTaskState);
  for (int round = 0; round < 200; ++round) {
    const std::string one = random_text(random);
    const std::array<std::string, 3> states = {"a", "b", "c" + random_text(random)};
    const std::array<std::string_view, 3> views = {states[0], states[1], states[2]};
    const std::size_t now = random() % 4;  // 3: none of them
    const std::array<Label, 2> labels = {{{"one", one}, {"state", ""}}};
    const Labels some = Labels(labels).first(random() % 2);
    std::string text, expected;
    append_states(text, shown, some, "state", views, now < 3 ? states[now] : "another");
    for (std::size_t i = 0; i < states.size(); ++i) {
      std::vector<Label> all(some.begin(), some.end());
      all.emplace_back("state", states[i]);
      append_sample(expected, shown, all, i == now ? 1 : 0);
    }
    ASSERT_EQ(text, expected);
  }
}

TEST(LabelText, RepairsAndCutsAtACharactersEdge) {
  EXPECT_EQ(label_text("plain"), "plain");
  EXPECT_EQ(label_text("a\xffz"), "a\xEF\xBF\xBDz");
  for (const std::string& sign : {std::string("\x1b"), std::string(1, '\0'), std::string("\n"),
                                  std::string("\x7f"), std::string("\u0085"), std::string("\u202E"),
                                  std::string("\u2066"), std::string("\u200F")}) {
    EXPECT_EQ(label_text("a" + sign + "[31m"), "a\uFFFD[31m");
  }
  EXPECT_EQ(label_text("\u4EFB\u52A1 \u0627"), "\u4EFB\u52A1 \u0627");
  EXPECT_EQ(label_text(std::string(128, 'x')), std::string(128, 'x'));
  EXPECT_EQ(label_text(std::string(129, 'x')), std::string(128, 'x'));
  // 127 bytes and a character of three bytes: it does not fit as a whole, so it is left out.
  EXPECT_EQ(label_text(std::string(127, 'x') + "\xE4\xBB\xBB"), std::string(127, 'x'));
  EXPECT_EQ(label_text(std::string(125, 'x') + "\xE4\xBB\xBB"),
            std::string(125, 'x') + "\xE4\xBB\xBB");
}

}  // namespace
}  // namespace taskwatchd
