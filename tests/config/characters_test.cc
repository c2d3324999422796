#include "config/characters.h"

#include <gmock/gmock.h>

#include "config/parse_text.h"
#include "config/problems.h"

namespace taskwatchd {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A configuration with one account and these instance lines, which begin on line 5.
std::string instance(const std::string& lines) {
  return "accounts:\n  - name: prod\n    quota_share: 0.8\n    instances:\n" + lines;
}

TEST(Characters, MarksAreDroppedAndUtf16IsNamed) {
  EXPECT_EQ(without_mark("\xEF\xBB\xBF\xEF\xBB\xBFx").text, "x");
  EXPECT_EQ(without_mark("x").text, "x");
  EXPECT_EQ(without_mark("").text, "");
  EXPECT_EQ(without_mark("x").problem, nullptr);
  for (const std::string& bytes :
       {std::string("\xFF\xFEx\0", 4), std::string("\xFE\xFF\0x", 4), std::string("x\0", 2)}) {
    EXPECT_STREQ(without_mark(bytes).problem, "is UTF-16; save it as UTF-8");
  }
}

TEST(Characters, LinesEndInThreeWays) {
  std::string_view text = "a\r\nb\rc\n\nd";
  for (const char* line : {"a", "b", "c", "", "d"}) EXPECT_EQ(take_line(text), line);
  EXPECT_TRUE(text.empty());
}

TEST(Characters, AreShownByTheirCodeAndNamed) {
  EXPECT_EQ(shown("plain"), "`plain`");
  EXPECT_EQ(shown("\xE8\xAE\xBE"), "`\xE8\xAE\xBE`");
  EXPECT_EQ(shown("a\xC2\xA0"), "`a\\u00a0` (\\u00a0 is a no-break space)");
  EXPECT_EQ(shown("\xEF\xBC\x9A\xE3\x80\x80\xEF\xBC\x9A"),
            "`\\uff1a\\u3000\\uff1a` (\\uff1a is a full-width `:`, \\u3000 is a full-width space)");
  for (const auto& [text, name] : std::vector<std::pair<std::string, std::string>>{
           {"\xC2\xAD", "\\u00ad is a soft hyphen"},
           {"\xE2\x80\x87", "\\u2007 is a blank other"},
           {"\xE2\x80\x8B", "\\u200b is a zero-width space"},
           {"\xE2\x80\x8D", "\\u200d is a zero-width joiner"},
           {"\xE2\x80\x8E", "\\u200e is a mark of the writing direction"},
           {"\xE2\x80\xA8", "\\u2028 is a line separator"},
           {"\xE2\x80\xAF", "\\u202f is a blank other"},
           {"\xE2\x81\xA0", "\\u2060 is a word joiner"},
           {"\xEF\xBB\xBF", "\\ufeff is a byte order mark"},
           {"\xEF\xBD\x9E", "\\uff5e is a full-width `~`"},
           {"\xE2\x80\x9D", "\\u201d is a curly quote"}}) {
    EXPECT_THAT(shown(text), HasSubstr(name));
  }
}

TEST(Characters, OfAValueAreNamedWhateverTheMessageShows) {
  const std::string errors = errors_of(read_text(TEST_DATA_DIR "/config/no-break-space.yaml"));
  EXPECT_EQ(errors,
            "f.yaml:5:17: region `cn-shanghai\\u00a0` (\\u00a0 is a no-break space) must be a-z, "
            "0-9 and hyphens, such as cn-shanghai\n");
  for (const char* line : {"deadline: 24h\xC2\xA0", "endpoint: https://a.b\xC2\xA0",
                           "region: x\xC2\xA0", "tasks: [T1\xC2\xA0]", "id: i\xC2\xA0",
                           "jo\xC2\xA0"
                           "bs: []",
                           "labels: {team: ota\xC2\xA0}", "labels: {team: ota\xC2\xA0mine}"}) {
    EXPECT_THAT(errors_of(instance("      - " + std::string(line) + "\n")), HasSubstr("\\u00a0"))
        << line;
  }
  for (const char* line : {"quota_share: 0.5\xC2\xA0", "signature: v3\xC2\xA0",
                           "proxy: http://a:1\xC2\xA0", "quota: {QueryTask: 5\xC2\xA0}"}) {
    const std::string text = errors_of("accounts:\n  - name: a\n    " + std::string(line) + "\n");
    EXPECT_THAT(text, HasSubstr("it contains `\\u00a0`, a no-break space")) << line;
  }
  EXPECT_EQ(parsed(instance("      - {region: x, labels: {team: \xE8\xAE\xBE\xEF\xBC\x88}}\n"))
                .accounts.at(0)
                .instances.at(0)
                .labels.size(),
            1U)
      << "full-width signs belong to Chinese";
}

TEST(Characters, ASyntaxErrorPointsAtTheTypingError) {
  const std::string full_width = errors_of(read_text(TEST_DATA_DIR "/config/full-width.yaml"));
  EXPECT_THAT(full_width, HasSubstr("f.yaml:2:9: not YAML: "));
  EXPECT_THAT(full_width, HasSubstr("here is `\\uff1a`, a full-width `:`; write the plain ASCII"));
  EXPECT_THAT(full_width, Not(HasSubstr("f.yaml:3:")));

  // The parser reports the first on its own line, the second on the next line.
  for (const auto& [lines, place] : std::vector<std::pair<std::string, std::string>>{
           {"      - region: x\n        id:y\n        tasks: [T1]\n", "f.yaml:6:12: "},
           {"      - id:y\n        region: x\n", "f.yaml:5:12: "}}) {
    EXPECT_THAT(errors_of(instance(lines)),
                AllOf(HasSubstr(place + "not YAML: "),
                      HasSubstr("; a blank is missing behind the colon; write KEY: VALUE\n")));
  }
  EXPECT_THAT(errors_of(instance("      - region: x\n\t      id: y\n")),
              HasSubstr("a tab is in the indentation; indent with spaces\n"));
  // Full-width characters in comments are not reported as the cause.
  EXPECT_THAT(errors_of("accounts:\n  - name: a  # \xEF\xBC\x9A\n   instances: 1\n"),
              HasSubstr("f.yaml:3:4: not YAML: end of sequence not found; check the indentation"));
}

TEST(Characters, AFileInUtf16IsNamed) {
  EXPECT_THAT(errors_of(std::string("\xFE\xFF\0a", 4)),
              StartsWith("f.yaml:1:1: the file is UTF-16; save it as UTF-8"));
}

}  // namespace
}  // namespace taskwatchd
