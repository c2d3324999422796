#include "io/files/config_file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "io/temporary_folder.h"

namespace taskwatchd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> lines_of(const std::vector<ConfigError>& errors) {
  std::vector<std::string> lines;
  for (const ConfigError& error : errors) lines.push_back(to_string(error));
  return lines;
}

class ConfigFileTest : public ::testing::Test {
 protected:
  // Writes a file with one account and instance and these further lines, indented to match.
  std::string config(const std::string& account, const std::string& instance = "") {
    return folder_.write("c.yaml", "accounts:\n  - name: prod\n" + account +
                                       "    instances:\n      - region: cn-shanghai\n" + instance);
  }
  LoadedConfig loaded(const std::string& path) {
    auto result = load_config(path);
    if (const auto* errors = std::get_if<std::vector<ConfigError>>(&result)) {
      for (const auto& line : lines_of(*errors)) ADD_FAILURE() << line;
      return {};
    }
    return std::get<LoadedConfig>(std::move(result));
  }
  std::vector<std::string> errors(const std::string& path) {
    auto result = load_config(path);
    const auto* errors = std::get_if<std::vector<ConfigError>>(&result);
    return errors == nullptr ? std::vector<std::string>{} : lines_of(*errors);
  }

  Environment credentials_{"CREDENTIALS_DIRECTORY", nullptr};
  Environment state_{"STATE_DIRECTORY", nullptr};
  TemporaryFolder folder_;
};

TEST_F(ConfigFileTest, ShippedMinimalLoadsWithoutAWarning) {
  const LoadedConfig config = loaded(SOURCE_DIR "/config/minimal.yaml");
  EXPECT_EQ(config.config.accounts.size(), 1U);
  EXPECT_THAT(lines_of(config.warnings), ElementsAre());
}

TEST_F(ConfigFileTest, WarnsOfFilesThatEveryUserMayChangeOrRead) {
  const std::string secret = folder_.write("secret", "s3cret\n");
  const std::string state = folder_.write("state.db", "");
  const std::string path =
      config("    credentials: {access_key_id: LTAI, access_key_secret_file: secret}\n",
             "        tasks: [T1]\n");
  std::ofstream(path, std::ios::app) << "state: {path: state.db}\n";
  const auto warnings_with = [&](mode_t of_secret, mode_t of_state) {
    EXPECT_EQ(::chmod(secret.c_str(), of_secret), 0);
    EXPECT_EQ(::chmod(state.c_str(), of_state), 0);
    return lines_of(loaded(path).warnings);
  };
  EXPECT_THAT(warnings_with(0600, 0600), IsEmpty());
  EXPECT_THAT(warnings_with(0640, 0640), IsEmpty());
  EXPECT_THAT(warnings_with(0666, 0644),
              ElementsAre(HasSubstr("`access_key_secret_file` " + secret +
                                    " can be changed by every user of this host"),
                          HasSubstr("state database " + state + " can be read by every user")));
}

TEST_F(ConfigFileTest, ReportsWhyAFileCannotBeRead) {
  EXPECT_THAT(errors(folder_ / "none.yaml"),
              ElementsAre(folder_ / "none.yaml: cannot be read: No such file or directory; check "
                                    "the path, and that the user of taskwatchd can read it"));
  EXPECT_THAT(errors(folder_.path()),
              ElementsAre(folder_.path() + ": is not a regular file; set the path of a file"));
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(errors(folder_ / "pipe"),
              ElementsAre(folder_ / "pipe: is not a regular file; set the path of a file"));
  folder_.write("large.yaml", std::string(kMaxConfigBytes + 1, '#'));
  EXPECT_THAT(errors(folder_ / "large.yaml"),
              ElementsAre(HasSubstr("is larger than 16777216 bytes")));
}

TEST_F(ConfigFileTest, PassesOnTheErrorsOfTheText) {
  const std::string path = folder_.write("c.yaml", "accounts: []\ncolour: 1\n");
  const auto lines = errors(path);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], path + ":1:11: `accounts` is empty; add at least one");
}

TEST_F(ConfigFileTest, RelativePathsBeginInTheFilesFolder) {
  folder_.write("keys/secret", "s3cret\n");
  const std::string path =
      config("    credentials: {access_key_id: LTAI5tX, access_key_secret_file: keys/secret}\n");
  const std::string file = folder_ / "keys/secret";
  EXPECT_EQ(loaded(path).config.accounts[0].credentials.access_key_secret_file, file);

  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder_.path());
  const LoadedConfig plain = loaded("c.yaml");
  const LoadedConfig dotted = loaded("keys/../c.yaml");
  std::filesystem::current_path(before);
  EXPECT_EQ(plain.config.accounts[0].credentials.access_key_secret_file, file);
  EXPECT_EQ(dotted.config.accounts[0].credentials.access_key_secret_file,
            folder_ / "keys/../keys/secret");
}

TEST_F(ConfigFileTest, TakesTheDirectoriesThatSystemdGives) {
  folder_.write("creds/secret", "s3cret\n");
  const Environment creds("CREDENTIALS_DIRECTORY", (folder_ / "creds").c_str());
  const Environment state("STATE_DIRECTORY", "/var/lib/private/one:/var/lib/private/two");
  const LoadedConfig config =
      loaded(this->config("    credentials:\n      access_key_id: LTAI5tX\n"
                          "      access_key_secret_file: $CREDENTIALS_DIRECTORY/secret\n"));
  EXPECT_EQ(config.config.state_path, "/var/lib/private/one/state.db");
  EXPECT_EQ(config.config.accounts[0].credentials.access_key_secret_file, folder_ / "creds/secret");
}

TEST_F(ConfigFileTest, NamesEveryKeyAndCaFileThatCannotBeUsed) {
  folder_.write("id", "  \n");
  folder_.write("token", "two words\n");
  folder_.write("ca", "no pem\n");
  const std::string path = config(
      "    credentials:\n      access_key_id_file: id\n      access_key_secret_file: none\n"
      "      security_token_file: token\n",
      "        ca_file: ca\n      - {region: cn-beijing, ca_file: none.pem}\n");
  const std::string access =
      "cannot be read: No such file or directory; check the path, and that the user of taskwatchd "
      "can read it";
  EXPECT_THAT(
      errors(path),
      ElementsAre(path + ": account `prod`: `access_key_id_file` " +
                      folder_ / "id is empty; put the value into it",
                  path + ": account `prod`: `access_key_secret_file` " + folder_ / "none " + access,
                  path + ": account `prod`: `security_token_file` " +
                      folder_ / "token contains a space, a second line or a character that is not "
                                "plain ASCII; it must contain only the value",
                  path + ": account `prod`, instance `cn-shanghai`: `ca_file` " +
                      folder_ / "ca contains no certificate; it must be in PEM format",
                  path + ": account `prod`, instance `cn-beijing`: `ca_file` " +
                      folder_ / "none.pem " + access));
}

TEST_F(ConfigFileTest, TheCaFileOfAnAccountIsReadOnceAndUtf16IsNamed) {
  folder_.write("ca", std::string("\xFF\xFE-\0-\0", 6));
  const std::string path = config("    credentials: {ecs_ram_role: r}\n    ca_file: ca\n",
                                  "      - {region: cn-beijing}\n");
  EXPECT_THAT(errors(path), ElementsAre(path + ": account `prod`: `ca_file` " +
                                        folder_ / "ca is UTF-16; save it as UTF-8"));
}

// Root may read every file, so such tests run as the user nobody.
class AsNobody {
 public:
  AsNobody() : was_root_(::geteuid() == 0) {
    if (was_root_ && ::seteuid(65534) != 0) ADD_FAILURE() << "seteuid";
  }
  ~AsNobody() {
    if (was_root_ && ::seteuid(0) != 0) ADD_FAILURE() << "seteuid";
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  bool was_root_;
};

TEST_F(ConfigFileTest, ReportsThatPermissionIsMissing) {
  std::filesystem::create_directory(folder_ / "closed");
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod((folder_ / "closed").c_str(), 0), 0);
  ASSERT_EQ(::chmod(folder_.write("secret", "s\n").c_str(), 0), 0);
  const std::string path =
      config("    credentials: {access_key_id: A, access_key_secret_file: secret}\n",
             "        task_files: [\"closed/*.txt\"]\n");
  std::vector<std::string> lines;
  {
    const AsNobody nobody;
    lines = errors(path);
  }
  ASSERT_EQ(::chmod((folder_ / "closed").c_str(), 0755), 0);
  EXPECT_THAT(
      lines,
      ElementsAre(HasSubstr("/secret cannot be read: Permission denied; check the path, and that"),
                  HasSubstr("/closed/*.txt cannot be read: Permission denied; check the path")));
}

TEST_F(ConfigFileTest, ReadsTaskFilesInTheOrderOfTheirNames) {
  folder_.write("tasks.d/b.txt", "T3\nT1\n");
  folder_.write("tasks.d/a.txt", "# ours\nT2\n");
  folder_.write("tasks.d/c.bak", "T9\n");
  folder_.write("one.txt", "T4\n");
  const LoadedConfig config = loaded(this->config(
      "", "        tasks: [T1]\n        task_files: [tasks.d/*.txt, one.txt, \"tasks.d/[a]*\"]\n"));
  EXPECT_THAT(config.config.accounts[0].instances[0].tasks, ElementsAre("T1", "T2", "T3", "T4"));
  EXPECT_THAT(lines_of(config.warnings), ElementsAre());
}

TEST_F(ConfigFileTest, WarnsOfBadLinesTakenTasksAndGlobsWithoutAMatch) {
  const std::string a = folder_.write("a.txt", "T 1\nT2\nT3\n");
  const std::string path =
      config("",
             "        tasks: [T1]\n        task_files: [none/*.txt, none.txt]\n"
             "      - {region: cn-beijing, tasks: [T2], task_files: [a.txt]}\n"
             "      - {region: cn-hangzhou, task_files: [a.txt]}\n");
  const LoadedConfig config = loaded(path);
  EXPECT_THAT(config.config.accounts[0].instances[1].tasks, ElementsAre("T2", "T3"));
  EXPECT_THAT(config.config.accounts[0].instances[2].tasks, ElementsAre());
  const std::string later = "; it is checked again while taskwatchd runs";
  EXPECT_THAT(lines_of(config.warnings),
              ElementsAre(path + ": `task_files` " + folder_ / "none/*.txt matches no file" + later,
                          path + ": `task_files` " + folder_ / "none.txt does not exist" + later,
                          HasSubstr(a + ":1:1: `T 1` is not a valid task id"),
                          HasSubstr(a + ":1:1: `T 1` is not a valid task id"),
                          a + ":2:1: task `T2` is listed under instance `cn-beijing` already and "
                              "is ignored here; remove one",
                          HasSubstr(a + ":3:1: task `T3` is listed under instance `cn-beijing`")));
}

TEST_F(ConfigFileTest, RefusesATaskFileThatIsThereButCannotBeRead) {
  std::filesystem::create_directory(folder_ / "tasks.txt");
  std::filesystem::create_symlink("loop.txt", folder_ / "loop.txt");
  EXPECT_THAT(errors(config("", "        task_files: [\"*.txt\"]\n")),
              ElementsAre(HasSubstr("loop.txt cannot be read: Too many levels of symbolic links"),
                          HasSubstr("tasks.txt is not a regular file")));
}

TEST_F(ConfigFileTest, WarnsOfWhatWatchesNothing) {
  EXPECT_THAT(lines_of(loaded(config("")).warnings),
              ElementsAre(HasSubstr("instance `cn-shanghai` watches nothing; add `tasks`")));
  EXPECT_THAT(
      lines_of(loaded(config("    quota: {QueryTask: 0}\n", "        tasks: [T1]\n")).warnings),
      ElementsAre(HasSubstr("quota `QueryTask` is 0, so its tasks are never polled; raise it")));
  EXPECT_THAT(lines_of(loaded(config("", "        jobs: [J1]\n")).warnings), IsEmpty());
  EXPECT_THAT(
      lines_of(loaded(config("    quota: {ListTask: 0, ListJob: 0}\n", "        jobs: [J1]\n"))
                   .warnings),
      ElementsAre(HasSubstr("quota `ListTask` is 0, so the tasks of its jobs are never found")));
  EXPECT_THAT(
      lines_of(
          loaded(config("    quota: {ListJob: 0}\n", "        discover_jobs: true\n")).warnings),
      ElementsAre(HasSubstr("quota `ListJob` is 0, so `discover_jobs` finds nothing; raise it")));
}

TEST_F(ConfigFileTest, TakesTenThousandTasksOfManyFiles) {
  for (int file = 0; file < 100; ++file) {
    std::string text;
    for (int i = 0; i < 100; ++i) text += "T" + std::to_string(file * 100 + i) + "\n";
    folder_.write("d/" + std::to_string(file) + ".txt", text);
  }
  const LoadedConfig config = loaded(this->config("", "        task_files: [d/*.txt]\n"));
  EXPECT_EQ(config.config.accounts[0].instances[0].tasks.size(), 10'000U);
}

TEST_F(ConfigFileTest, TheFilesOfASinkAreReadBeforeItIsUsed) {
  const auto with = [&](const std::string& sink) {
    return folder_.write(
        "n.yaml",
        "accounts: [{name: prod, instances: [{region: cn-shanghai, tasks: [t]}]}]\n"
        "notify: [{name: ops, format: dingtalk, " +
            sink + "}]\n");
  };
  const std::string nowhere = folder_.path() + "/nowhere";
  folder_.write("url", "https://oapi.example.com/robot/send?access_token=secret\n");
  folder_.write("empty", "");
  const std::string good = with("url_file: url");
  EXPECT_EQ(loaded(good).config.sinks.size(), 1u);
  const auto missing = errors(with("url_file: nowhere"));
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_THAT(missing[0], HasSubstr("sink `ops`: `url_file` " + nowhere));
  const auto empty = errors(with("url_file: url, secret_file: empty"));
  ASSERT_EQ(empty.size(), 1u);
  EXPECT_THAT(empty[0], HasSubstr("sink `ops`: `secret_file` "));
  folder_.write("bad", "no url with access_token=secret");
  const auto bad = errors(with("url_file: bad"));
  ASSERT_EQ(bad.size(), 1u);
  EXPECT_THAT(bad[0], ::testing::Not(HasSubstr("access_token")));
}

}  // namespace
}  // namespace taskwatchd
