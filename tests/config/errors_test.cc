// One small file per rule in tests/data/config, each with one error. errors.txt contains the
// expected messages, word for word.
#include <algorithm>
#include <filesystem>

#include "config/parse_text.h"

namespace taskwatchd {
namespace {

const std::string kFolder = TEST_DATA_DIR "/config/";

std::vector<std::string> invalid_files() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("invalid-")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Returns the lines of errors.txt that begin with the file's name.
std::string expected_errors(const std::string& name) {
  std::istringstream all(read_text(kFolder + "errors.txt"));
  std::string lines;
  for (std::string line; std::getline(all, line);) {
    if (line.starts_with(name + ":")) lines += line + "\n";
  }
  return lines;
}

TEST(Errors, HaveTheExpectedTextAndPosition) {
  const auto names = invalid_files();
  EXPECT_GE(names.size(), 80U);
  for (const std::string& name : names) {
    const std::string expected = expected_errors(name);
    EXPECT_NE(expected, "") << name << " is not in errors.txt";
    EXPECT_EQ(errors_of(read_text(kFolder + name), {name, "/etc/taskwatchd", "", ""}), expected);
  }
}

TEST(Errors, NeverRepeatASecret) {
  const std::string canary = "cAnArY5ecret";
  for (const char* key : {"access_key_secret", "security_token", "access_key_id", "x"}) {
    for (const char* form : {"%", "[%]", "{%: 1}", "\"% %\""}) {
      std::string value = form;
      for (std::size_t at; (at = value.find('%')) != std::string::npos;) {
        value.replace(at, 1, canary);
      }
      const std::string yaml = "accounts:\n  - name: a\n    proxy: http://u:" + canary +
                               "@h\n    credentials:\n      " + key + ": " + value + "\n";
      const std::string errors = errors_of(yaml);
      EXPECT_NE(errors, "");
      EXPECT_EQ(errors.find(canary), std::string::npos) << errors;
    }
  }
}

TEST(Errors, StopAtAHundredThousandNodes) {
  std::string yaml = "accounts: [";
  for (int i = 0; i < 100'001; ++i) yaml += "x,";
  const std::string errors = errors_of(yaml + "]\n");
  EXPECT_NE(errors.find("more than 100000 keys and values; move long lists of tasks into"),
            std::string::npos);
  // The last message is the one about the limit.
  EXPECT_GT(errors.find("more than 100000"), errors.rfind("f.yaml:"));
}

TEST(Errors, AreAThousandAtMost) {
  std::string yaml;
  for (int i = 0; i < 3000; ++i) yaml += "key" + std::to_string(i) + ": x\n";
  const ConfigResult result = parse_config(yaml, test_context());
  const auto& errors = std::get<std::vector<ConfigError>>(result);
  ASSERT_EQ(errors.size(), 1001U);
  // 3000 unknown keys plus the missing key `accounts`.
  EXPECT_EQ(to_string(errors.back()),
            "f.yaml:999:1: 2001 more errors after this one; fix these first");
}

TEST(Errors, StopAtAnyDepth) {
  for (const char* bomb : {"[", "{a: ", "- ", "? ", "[{a: "}) {
    std::string yaml;
    for (int i = 0; i < 20'000; ++i) yaml += bomb;
    EXPECT_NE(errors_of(yaml), "") << bomb;
  }
}

TEST(Errors, DoNotExpandAnAliasBomb) {
  std::string yaml = "a: &a [x, x]\n";
  for (char c = 'b'; c <= 'z'; ++c) {
    const std::string before = "*" + std::string{static_cast<char>(c - 1)};
    yaml += std::string{c} + ": &" + c + " [" + before + ", " + before + "]\n";
  }
  EXPECT_NE(errors_of(yaml).find("aliases (*) are not supported"), std::string::npos);
}

TEST(Errors, WithoutAPositionReportOnlyTheFile) {
  EXPECT_EQ(to_string(ConfigError{"f.yaml", 0, 0, "cannot be read"}), "f.yaml: cannot be read");
  EXPECT_EQ(to_string(ConfigError{"f.yaml", 3, 7, "wrong"}), "f.yaml:3:7: wrong");
}

}  // namespace
}  // namespace taskwatchd
