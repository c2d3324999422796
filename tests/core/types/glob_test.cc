#include "core/types/glob.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace taskwatchd {
namespace {

TEST(Glob, MatchesTheWholeText) {
  const std::tuple<const char*, const char*, bool> cases[] = {
      {"", "", true},
      {"", "a", false},
      {"*", "", true},
      {"*", "anything/at.all", true},
      {"**", "", true},
      {"?", "", false},
      {"?", "a", true},
      {"?", "ab", false},
      {"ota-*", "ota-", true},
      {"ota-*", "ota-2024", true},
      {"ota-*", "my-ota-2024", false},
      {"ota-*", "OTA-2024", false},
      {"*-eu", "ota-eu", true},
      {"*-eu", "ota-eu-1", false},
      {"*-eu*", "ota-eu-1", true},
      {"a*b*c", "abc", true},
      {"a*b*c", "aXbYbZc", true},
      {"a*b*c", "acb", false},
      {"a?c", "abc", true},
      {"a?c", "ac", false},
      {"?*", "", false},
      {"?*?", "ab", true},
      {"?*?", "a", false},
      {"*aab", "aaaab", true},
      {"*ab*ab", "abab", true},
      {"*ab*ab", "ab", false},
      // No other character is special.
      {"[ab]", "a", false},
      {"[ab]", "[ab]", true},
      {"{a,b}", "a", false},
      {"a.c", "abc", false},
      {"\\*", "*", false},
      {"\\*", "\\x", true},
  };
  for (const auto& [pattern, text, matches] : cases) {
    EXPECT_EQ(glob_matches(pattern, text), matches) << pattern << " on " << text;
  }
}

TEST(Glob, QuestionMarkIsOneCharacterOfUtf8) {
  const std::string device = "\xE8\xAE\xBE\xE5\xA4\x87";  // two characters of three bytes each
  EXPECT_TRUE(glob_matches("??", device));
  EXPECT_TRUE(glob_matches("*?\xE5\xA4\x87", device));
  for (const char* pattern : {"?", "???", "*???", "???*", "??????"}) {
    EXPECT_FALSE(glob_matches(pattern, device)) << pattern;
  }
  EXPECT_TRUE(glob_matches("?b",
                           "\xFF"
                           "b"));
  EXPECT_TRUE(glob_matches("??", "\xE8\xAE"));
}

// Matches short texts by the recursive definition.
bool by_definition(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return by_definition(pattern.substr(1), text) ||
           (!text.empty() && by_definition(pattern, text.substr(1)));
  }
  return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) &&
         by_definition(pattern.substr(1), text.substr(1));
}

TEST(Glob, AgreesWithItsDefinition) {
  std::mt19937 chance(11);
  const auto word = [&](std::string_view letters, std::size_t most) {
    std::string text;
    for (auto n = chance() % (most + 1); n > 0; --n) text += letters[chance() % letters.size()];
    return text;
  };
  int matches = 0;
  for (int round = 0; round < 50000; ++round) {
    const std::string pattern = word("ab*?", 7);
    const std::string text = word("ab", 8);
    matches += glob_matches(pattern, text) ? 1 : 0;
    ASSERT_EQ(glob_matches(pattern, text), by_definition(pattern, text)) << pattern << " " << text;
  }
  EXPECT_GT(matches, 5000);
}

// A matcher that retries every star would take practically forever.
TEST(Glob, EndsOnPatternsMadeToTakeLong) {
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "*a";
  EXPECT_FALSE(glob_matches(pattern + "*b", std::string(10000, 'a')));
  EXPECT_TRUE(glob_matches(pattern, std::string(10000, 'a')));
  EXPECT_FALSE(glob_matches("*" + std::string(126, 'a') + "b", std::string(10000, 'a')));
}

}  // namespace
}  // namespace taskwatchd
