#include "server/metrics_pages.h"

#include <gmock/gmock.h>

#include <string>

#include "io/http/gzip.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kKiB = 1024;

class MetricsPagesTest : public testing::Test {
 protected:
  // Writes a text of about `bytes` bytes in ten parts. It contains a number that grows with each
  // rendering.
  void render(const TakePart& take) {
    ++rendered;
    const std::string line = "a_total{page=\"" + std::to_string(rendered) + "\"} 1\n";
    std::string part;
    take("# HELP a_total A.\n# TYPE a_total counter\n");
    for (std::size_t written = 0; written < bytes; written += line.size()) {
      part += line;
      if (part.size() < bytes / 10) continue;
      take(part);
      part.clear();
    }
    if (!part.empty()) take(part);
  }
  static std::string read(WebParts& parts) {
    std::string all;
    for (auto part = parts.next(); !part.empty(); part = parts.next()) all += part;
    EXPECT_EQ(all.size(), parts.bytes());
    return all;
  }
  static std::string unpacked(const std::string& bytes) {
    const PackedParts parts = {std::make_shared<const std::string>(bytes)};
    GzipUnpacker unpacker(parts);
    std::string all;
    for (auto part = unpacker.next(); !part.empty(); part = unpacker.next()) all += part;
    return all;
  }
  std::shared_ptr<WebParts> ask(bool gzip, bool openmetrics = false) {
    auto page = pages.page({.gzip = gzip, .openmetrics = openmetrics, .known = ""});
    if (!page) return nullptr;
    EXPECT_EQ(page->gzip, gzip);
    return page->parts;
  }
  std::string text(bool gzip, bool openmetrics = false) {
    const auto parts = ask(gzip, openmetrics);
    if (!parts) return "(none)";
    return gzip ? unpacked(read(*parts)) : read(*parts);
  }
  // Returns that number.
  static std::string number(const std::string& text) {
    const std::size_t at = text.find("page=\"") + 6;
    return text.substr(at, text.find('"', at) - at);
  }

  std::size_t bytes = 100 * kKiB;
  int rendered = 0;
  Mono now{std::chrono::hours(1)};
  PageLimits limits{.held_bytes = 400 * kKiB,
                    .plain_bytes = 200 * kKiB,
                    .shared_bytes = 50 * kKiB,
                    .fresh = std::chrono::seconds(1)};
  MetricsPages pages{[this](const TakePart& take) { render(take); }, [this] { return now; },
                     limits};
};

TEST_F(MetricsPagesTest, IsTheSameTextInEveryForm) {
  for (const std::size_t size : {2 * kKiB, 100 * kKiB, 3000 * kKiB}) {
    bytes = size;
    std::string expected;
    render([&](std::string_view part) { expected += part; });
    for (const bool gzip : {false, true}) {
      --rendered;  // renders the same number again
      EXPECT_TRUE(text(gzip) == expected) << size;
      now += std::chrono::seconds(2);
      --rendered;
      const std::string open = text(gzip, true);
      EXPECT_TRUE(open.starts_with("# HELP a A.\n# TYPE a counter\na_total{"));
      EXPECT_TRUE(open.ends_with("} 1\n# EOF\n"));
      now += std::chrono::seconds(2);
    }
  }
}

TEST_F(MetricsPagesTest, ALargeOneIsSharedWhileItIsFresh) {
  const auto first = ask(true);
  const auto second = ask(true);
  EXPECT_EQ(rendered, 1);
  const std::size_t one = pages.held_bytes();
  EXPECT_EQ(one, first->bytes()) << "held once, however many take it";
  EXPECT_EQ(first->next().data(), second->next().data());
  EXPECT_EQ(number(text(true, true)), "2") << "another format is another page";
  EXPECT_EQ(number(text(false)), "3") << "of middle size: not worth unpacking";
  now += std::chrono::milliseconds(1001);
  EXPECT_EQ(number(text(true)), "4");
  EXPECT_EQ(number(text(true)), "4");
}

TEST_F(MetricsPagesTest, ASmallOneIsMadeForEach) {
  bytes = 40 * kKiB;
  EXPECT_EQ(number(text(false)), "1");
  EXPECT_EQ(number(text(false)), "2");
  EXPECT_EQ(number(text(true)), "3");
  EXPECT_EQ(number(text(true)), "4");
  EXPECT_EQ(pages.held_bytes(), 0u);
}

TEST_F(MetricsPagesTest, AVeryLargeOneIsHeldPackedForAll) {
  bytes = 4000 * kKiB;
  const auto plain = ask(false);
  EXPECT_EQ(rendered, 1);
  EXPECT_LT(pages.held_bytes(), bytes / 20);
  const auto packed = ask(true);
  const auto again = ask(false);
  EXPECT_EQ(rendered, 1) << "one picture for both";
  const std::string expected = read(*plain);
  EXPECT_GT(expected.size(), bytes);
  EXPECT_TRUE(unpacked(read(*packed)) == expected);
  EXPECT_TRUE(read(*again) == expected);
}

TEST_F(MetricsPagesTest, ReleasesWhatNoClientReads) {
  auto taken = ask(true);
  const std::size_t one = pages.held_bytes();
  EXPECT_GT(one, 0u);
  now += std::chrono::milliseconds(1001);
  pages.drop_old();
  EXPECT_EQ(pages.held_bytes(), one) << "somebody takes it";
  taken.reset();
  EXPECT_EQ(pages.held_bytes(), 0u);
}

// Clients that do not read, each with its own rendering: beyond the budget, there is none.
TEST_F(MetricsPagesTest, BytesOnTheirWayAreBounded) {
  std::vector<std::shared_ptr<WebParts>> taken;
  for (int i = 0; i < 10; ++i) {
    auto parts = ask(false);
    if (!parts) break;
    taken.push_back(std::move(parts));
    now += std::chrono::seconds(2);
  }
  EXPECT_EQ(taken.size(), 3u) << "of 100 kB and some bytes, in 400 kB";
  EXPECT_LE(pages.held_bytes(), limits.held_bytes);
  EXPECT_EQ(ask(false), nullptr);
  EXPECT_NE(ask(true), nullptr) << "one that is small enough finds room; it was not known before";
  taken.pop_back();
  EXPECT_NE(ask(false), nullptr);
  taken.clear();
  EXPECT_NE(ask(false), nullptr);
}

TEST_F(MetricsPagesTest, OneAloneMayBeLarger) {
  limits.held_bytes = 1;
  MetricsPages narrow([this](const TakePart& take) { render(take); }, [this] { return now; },
                      limits);
  const ContentNegotiation negotiated{.gzip = true, .openmetrics = false, .known = ""};
  const auto first = narrow.page(negotiated);
  ASSERT_TRUE(first);
  EXPECT_TRUE(narrow.page(negotiated)) << "the same";
  now += std::chrono::seconds(2);
  EXPECT_FALSE(narrow.page(negotiated));
}

TEST_F(MetricsPagesTest, APageMayOutliveThem) {
  auto mine = std::make_unique<MetricsPages>([this](const TakePart& take) { render(take); },
                                             [this] { return now; }, limits);
  const auto page = mine->page({.gzip = true, .openmetrics = false, .known = ""});
  mine.reset();
  EXPECT_GT(unpacked(read(*page->parts)).size(), bytes);
}

}  // namespace
}  // namespace taskwatchd
