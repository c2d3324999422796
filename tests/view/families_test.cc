#include "view/families.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "view/metrics_doc.h"

namespace taskwatchd {
namespace {

TEST(Families, AreNamedAsPrometheusWants) {
  std::set<std::string_view> names;
  for (const Family& f : all_families()) {
    EXPECT_TRUE(names.insert(f.name).second) << f.name << " is declared twice";
    EXPECT_EQ(f.name.ends_with("_total"), f.kind == MetricKind::kCounter) << f.name;
    const bool ours = f.name.starts_with("aliyun_iot_") || f.name.starts_with("taskwatchd_");
    EXPECT_EQ(ours, f.stability == Stability::kStable) << f.name;
    EXPECT_TRUE(ours || f.name.starts_with("process_")) << f.name;
  }
}

// prometheus-cpp writes HELP unescaped: a newline or a backslash in it breaks the complete metrics
// output.
TEST(Families, HelpIsOnePlainLine) {
  for (const Family& f : all_families()) {
    EXPECT_FALSE(f.help.empty()) << f.name;
    EXPECT_EQ(f.help.find_first_of("\n\\|"), std::string_view::npos) << f.name;
  }
}

TEST(Families, PolledValuesAreMarked) {
  for (const Family& f : all_families()) {
    if (!f.name.starts_with("aliyun_iot_") || f.kind == MetricKind::kHistogram) continue;
    EXPECT_NE(f.help.find("Polled"), std::string_view::npos) << f.name;
  }
}

TEST(Families, HistogramsHaveRisingBuckets) {
  for (const Family& f : all_families()) {
    EXPECT_EQ(f.kind == MetricKind::kHistogram, !f.buckets.empty()) << f.name;
    EXPECT_EQ(std::adjacent_find(f.buckets.begin(), f.buckets.end(), std::greater_equal<>()),
              f.buckets.end())
        << f.name;
  }
}

TEST(MetricsDoc, IsWhatTheTableLists) {
  const std::string path = std::string(SOURCE_DIR) + "/docs/reference/metrics.md";
  if (std::getenv("TASKWATCHD_UPDATE_DOCS")) std::ofstream(path) << metrics_markdown();
  std::ifstream file(path);
  const std::string committed{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(committed, metrics_markdown())
      << "run the test with TASKWATCHD_UPDATE_DOCS=1 and commit docs/reference/metrics.md";
}

}  // namespace
}  // namespace taskwatchd
