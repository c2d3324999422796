// What `taskwatchd check` reports about a file, and its exit code. Checks that call the API are
// tested end to end.
#include "commands/check.h"

#include <gmock/gmock.h>

#include "commands/flags.h"
#include "core/types/exit_code.h"
#include "io/temporary_folder.h"

namespace taskwatchd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CheckTest : public ::testing::Test {
 protected:
  struct Said {
    int code = 0;
    std::string errors;
  };
  // Checks a configuration with one instance that has these keys.
  Said check_with(const std::string& instance, const std::string& account = "") {
    const std::string file = folder_.write(
        "c.yaml", "accounts:\n  - name: prod\n" + account +
                      "    instances:\n      - region: cn-shanghai\n        " + instance + "\n");
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Said said;
    said.code = check({.config_file = file, .web_config_file = "", .online = false});
    testing::internal::GetCapturedStdout();
    said.errors = testing::internal::GetCapturedStderr();
    return said;
  }

  TemporaryFolder folder_;
};

// tasks_file_utf16.yaml: a list that a Windows editor saved as "Unicode" (UTF-16).
TEST_F(CheckTest, ATaskFileInUtf16IsOneMessageAndAnError) {
  folder_.write("tasks.txt", std::string("\xFF\xFET\0001\0\n\0", 8));
  const Said said = check_with("task_files: [tasks.txt]");
  EXPECT_EQ(said.code, kExitConfig);
  EXPECT_THAT(said.errors, HasSubstr("tasks.txt:1:1: warning: the file is UTF-16"));
  EXPECT_THAT(said.errors, HasSubstr("c.yaml: nothing to watch: "));
}

TEST_F(CheckTest, NoReadableLineIsAnError) {
  folder_.write("tasks.txt", "no id\n");
  EXPECT_EQ(check_with("task_files: [tasks.txt]").code, kExitConfig);
  EXPECT_EQ(check_with("task_files: [tasks.txt]\n        jobs: [J1]").code, kExitOk);
  // A file that does not exist yet may be created later. Without any list of tasks, there is no
  // error.
  for (const char* instance : {"id: i", "task_files: [none.txt]", "task_files: ['*.none']",
                               "tasks: [T1]", "jobs: [J1]", "discover_jobs: true"}) {
    const Said said = check_with(instance);
    EXPECT_EQ(said.code, kExitOk) << said.errors;
    EXPECT_THAT(said.errors, Not(HasSubstr("nothing to watch"))) << instance;
  }
  EXPECT_EQ(check_with("id: i", "    distributions: [D1]\n").code, kExitOk);
}

TEST_F(CheckTest, AGlobWaitsForItsFirstFile) {
  const Said said = check_with("task_files: ['later/*.txt']");
  EXPECT_EQ(said.code, kExitOk);
  EXPECT_THAT(said.errors, HasSubstr("matches no file"));
  folder_.write("now/a.txt", "# no id yet\n");
  EXPECT_EQ(check_with("task_files: ['now/*.txt']").code, kExitOk) << "a list may be empty";
}

TEST_F(CheckTest, ATokenWithAnIdThatUsesNoneIsAWarning) {
  folder_.write("secret", "s\n");
  folder_.write("token", "t\n");
  const std::string files = "access_key_secret_file: secret, security_token_file: token}\n";
  const Said said = check_with("tasks: [T1]", "    credentials: {access_key_id: LTAI5tX, " + files);
  EXPECT_EQ(said.code, kExitOk);
  EXPECT_THAT(said.errors, HasSubstr("`security_token_file` is not used"));
  EXPECT_THAT(check_with("tasks: [T1]", "    credentials: {access_key_id: STS.X, " + files).errors,
              Not(HasSubstr("is not used")));
}

TEST(Flags, NameACharacterThatIsNotSeen) {
  for (const char* flag :
       {"--log.level=info\xC2\xA0", "--web.max-requests=40\xC2\xA0", "--web.allowed-host=a\xC2\xA0",
        "--log.lev\xC2\xA0"
        "el=info"}) {
    const Command command = parse_flags({"run", flag});
    const auto* end = std::get_if<FlagsEnd>(&command);
    ASSERT_NE(end, nullptr) << flag;
    EXPECT_EQ(end->exit_code, kExitConfig);
    EXPECT_THAT(end->text, HasSubstr("\\u00a0"));
    EXPECT_THAT(end->text, HasSubstr("a no-break space"));
  }
}

}  // namespace
}  // namespace taskwatchd
