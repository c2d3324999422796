#include "view/metrics_writer.h"

#include <gmock/gmock.h>
#include <prometheus/histogram.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <limits>
#include <random>
#include <vector>

#include "core/events/device_text.h"
#include "view/histogram.h"
#include "view/label_text.h"
#include "view_world.h"

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

prometheus::MetricFamily empty(const Family& declared, prometheus::MetricType type) {
  prometheus::MetricFamily made;
  made.name = declared.name;
  made.help = declared.help;
  made.type = type;
  return made;
}

void add_labels(prometheus::ClientMetric& to, Labels labels) {
  for (const auto& [label, text] : labels)
    to.label.push_back({std::string(label), std::string(text)});
}

TEST(MetricsWriter, WritesTheBytesOfPrometheusCpp) {
  std::mt19937_64 random(20261122);
  for (int round = 0; round < 2000; ++round) {
    const bool gauge = round % 2 == 0;
    const Family& shown = family(gauge ? FamilyId::kTasks : FamilyId::kAnomalies);
    prometheus::MetricFamily values =
        empty(shown, gauge ? prometheus::MetricType::Gauge : prometheus::MetricType::Counter);
    const std::string text = written([&](MetricsWriter& page) {
      page.begin(shown);
      for (int i = 0; i < 3; ++i) {
        const std::string one = random_text(random);
        const std::string two = random_text(random);
        const std::array<Label, 2> labels = {{{"one", one}, {"two", two}}};
        const Labels some = Labels(labels).first(random() % 3);
        const double value = random_value(random);
        page.sample(some, value);
        prometheus::ClientMetric& metric = values.metric.emplace_back();
        add_labels(metric, some);
        metric.gauge.value = metric.counter.value = value;
      }
    });
    ASSERT_EQ(text, by_prometheus(values)) << "round " << round;
    EXPECT_EQ(written([&](MetricsWriter& page) { page.add({values}); }), text);
  }
}

TEST(MetricsWriter, WritesInstantsAndFractionsAsPrometheusCppDoes) {
  std::mt19937_64 random(3);
  prometheus::MetricFamily values = empty(family(FamilyId::kTasks), prometheus::MetricType::Gauge);
  const std::string text = written([&](MetricsWriter& page) {
    page.begin(family(FamilyId::kTasks));
    for (int i = 0; i < 20'000; ++i) {
      double value = static_cast<double>(random() % 4'000'000'000'000) / 1000;
      if (i % 3 == 0) value = static_cast<double>(random() % 10'001) / 10'000;
      if (i % 5 == 0) value = static_cast<double>(random() % 101) / 100;
      if (i % 7 == 0) value = -value;
      page.sample({}, value);
      values.metric.emplace_back().gauge.value = value;
    }
  });
  EXPECT_EQ(text, by_prometheus(values));
}

TEST(MetricsWriter, WritesHistogramsAsPrometheusCppDoes) {
  const auto edges = std::make_shared<const std::vector<double>>(std::vector<double>{0.25, 1, 10});
  Histogram histogram(edges);
  prometheus::Histogram theirs(*edges);
  for (const double value : {0.25, 0.26, 1.0, 9.5, 10.0, 10.5, 0.0}) {
    histogram.observe(value);
    theirs.Observe(value);
  }
  const Family& shown = family(FamilyId::kDetectionDelay);
  const std::array<Label, 1> labels = {{{"class", "bad"}}};
  for (const Labels some : {Labels(), Labels(labels)}) {
    prometheus::MetricFamily values = empty(shown, prometheus::MetricType::Histogram);
    values.metric.push_back(theirs.Collect());
    add_labels(values.metric.back(), some);
    const auto write = [&](MetricsWriter& page) {
      page.begin(shown);
      page.histogram(some, *edges, histogram.counts, histogram.sum);
    };
    EXPECT_EQ(written(write), by_prometheus(values));
    EXPECT_EQ(written([&](MetricsWriter& page) { page.add({values}); }), by_prometheus(values));
  }
}

TEST(MetricsWriter, OpenMetricsDiffersInNamesEdgesAndTheEnd) {
  const std::array<double, 2> edges = {0.5, 10};
  const std::array<std::uint64_t, 3> counts = {1, 2, 3};
  const std::array<Label, 1> labels = {{{"x", "le=\"1\""}}};
  const Family counter{FamilyId::kAnomalies, "a_total", MetricKind::kCounter, "", "say \"hi\""};
  const Family gauge{FamilyId::kTasks, "b_total", MetricKind::kGauge, "", "no"};
  const Family unused{FamilyId::kTasks, "c", MetricKind::kGauge, "", "no sample"};
  const Family delays{FamilyId::kDetectionDelay, "h_seconds", MetricKind::kHistogram, "", "Long."};
  const auto write = [&](MetricsWriter& page) {
    page.begin(counter);
    page.sample(labels, 3);
    page.begin(gauge);
    page.sample({}, 1);
    page.begin(unused);
    page.begin(delays);
    page.histogram({}, edges, counts, 9.5);
    page.end();
  };
  EXPECT_EQ(written(write, MetricsFormat::kOpenMetrics),
            "# HELP a say \\\"hi\\\"\n# TYPE a counter\na_total{x=\"le=\\\"1\\\"\"} 3\n"
            "# HELP b_total no\n# TYPE b_total gauge\nb_total 1\n"
            "# HELP h_seconds Long.\n# TYPE h_seconds histogram\n"
            "h_seconds_count 6\nh_seconds_sum 9.5\n"
            "h_seconds_bucket{le=\"0.5\"} 1\nh_seconds_bucket{le=\"10.0\"} 3\n"
            "h_seconds_bucket{le=\"+Inf\"} 6\n# EOF\n");
  EXPECT_EQ(written([](MetricsWriter& page) { page.end(); }, MetricsFormat::kOpenMetrics),
            "# EOF\n");
}

TEST(MetricsWriter, StatesAreSamplesOfWhichOneIsOne) {
  std::mt19937_64 random(20261122);
  const Family& shown = family(FamilyId::kTaskState);
  for (int round = 0; round < 200; ++round) {
    const std::string one = random_text(random);
    const std::array<std::string, 3> states = {"a", "b", "c" + random_text(random)};
    const std::array<std::string_view, 3> views = {states[0], states[1], states[2]};
    const std::size_t now = random() % 4;  // 3: none of them
    const std::array<Label, 2> labels = {{{"one", one}, {"state", ""}}};
    const Labels some = Labels(labels).first(random() % 2);
    const std::string text = written([&](MetricsWriter& page) {
      page.begin(shown);
      page.states(some, "state", views, now < 3 ? states[now] : "another");
    });
    const std::string expected = written([&](MetricsWriter& page) {
      page.begin(shown);
      for (std::size_t i = 0; i < states.size(); ++i) {
        std::vector<Label> all(some.begin(), some.end());
        all.emplace_back("state", states[i]);
        page.sample(all, i == now ? 1 : 0);
      }
    });
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
