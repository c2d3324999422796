// No input may crash the parser, throw an exception or give an error without a position. The test
// cuts and joins valid and invalid files and inserts bytes that have a meaning in YAML.
#include <filesystem>
#include <random>

#include "config/parse_text.h"
#include "config/task_file.h"

namespace taskwatchd {
namespace {

constexpr int kRounds = 4000;
constexpr std::uint32_t kSeed = 20240102;

std::vector<std::string> texts_in(const std::vector<std::string>& folders) {
  std::vector<std::string> texts;
  for (const std::string& folder : folders) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".yaml") texts.push_back(read_text(entry.path().string()));
    }
  }
  return texts;
}

std::string mutate(std::string text, const std::vector<std::string>& texts, std::mt19937& chance) {
  static const std::vector<std::string> kTokens = {"\n",
                                                   "\t",
                                                   " ",
                                                   "- ",
                                                   ": ",
                                                   ":",
                                                   "[",
                                                   "]",
                                                   "{",
                                                   "}",
                                                   ",",
                                                   "#",
                                                   "&a ",
                                                   "*a",
                                                   "!!",
                                                   "!",
                                                   "|",
                                                   ">",
                                                   "'",
                                                   "\"",
                                                   "%",
                                                   "@",
                                                   "`",
                                                   "---\n",
                                                   "...\n",
                                                   "? ",
                                                   "~",
                                                   "<<",
                                                   "\r",
                                                   "\x04",
                                                   std::string(1, '\0'),
                                                   "\xEF\xBB\xBF",
                                                   "\xC3",
                                                   "\\x",
                                                   "  "};
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(chance()) % n; };
  for (std::size_t i = 0, n = 1 + below(6); i < n; ++i) {
    const std::size_t at = below(text.size() + 1);
    switch (below(5)) {
      case 0:
        text.insert(at, kTokens[below(kTokens.size())]);
        break;
      case 1:
        text.erase(at, 1 + below(20));
        break;
      case 2:
        text.resize(at);
        break;
      case 3:
        text.insert(at, text.substr(below(text.size() + 1), below(60)));
        break;
      default: {
        const std::string& other = texts[below(texts.size())];
        text.insert(at, other.substr(below(other.size() + 1), below(60)));
      }
    }
  }
  return text;
}

TEST(Mutation, OfAnyFileGivesAConfigurationOrPlacedErrors) {
  const auto right = texts_in({SOURCE_DIR "/config"});
  const auto texts = texts_in({SOURCE_DIR "/config", TEST_DATA_DIR "/config"});
  std::mt19937 chance(kSeed);
  int good = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto& from = round % 2 == 0 ? right : texts;
    const std::string text = mutate(from[chance() % from.size()], texts, chance);
    const ConfigResult result = parse_config(text, test_context());
    const auto* errors = std::get_if<std::vector<ConfigError>>(&result);
    if (errors == nullptr) {
      ++good;
      ASSERT_FALSE(std::get<Config>(result).accounts.empty()) << text;
      continue;
    }
    ASSERT_FALSE(errors->empty()) << text;
    for (const ConfigError& error : *errors) {
      ASSERT_GE(error.line, 1) << error.message << "\n" << text;
      ASSERT_GE(error.column, 1) << error.message << "\n" << text;
      ASSERT_FALSE(error.message.empty());
    }
  }
  // The mutations are neither all harmless nor all fatal.
  EXPECT_GT(good, kRounds / 100);
  EXPECT_LT(good, kRounds / 2);
}

TEST(Mutation, OfATaskFileKeepsOnlyValidIds) {
  std::mt19937 chance(kSeed);
  for (int round = 0; round < kRounds; ++round) {
    std::string text = "T1\nT2 # x\n\nT3\r\n";
    for (int i = 0; i < 8; ++i) {
      text.insert(chance() % (text.size() + 1), 1, static_cast<char>(chance() & 0xFFU));
    }
    const TaskFile file = parse_task_file(text, "t.txt");
    ASSERT_EQ(file.tasks.size(), file.lines.size());
    for (const std::string& id : file.tasks) ASSERT_TRUE(is_valid_id(id)) << text;
  }
}

}  // namespace
}  // namespace taskwatchd
