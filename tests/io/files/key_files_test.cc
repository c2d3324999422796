#include "io/files/key_files.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "io/temporary_folder.h"

namespace taskwatchd {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

class KeyFilesTest : public ::testing::Test {
 protected:
  KeyFilesTest() {
    account_.name = "prod";
    account_.credentials.access_key_id = "LTAI5tX";
    account_.credentials.access_key_secret_file = folder_.write("secret", "first\n");
  }
  KeyFiles make() {
    return KeyFiles([this] { return now_; });
  }
  // Returns the secret, or the error message.
  static std::string ask(KeyFiles& files, const AccountConfig& account) {
    const auto keys = files.keys(account);
    if (const auto* error = std::get_if<KeyError>(&keys)) return error->message;
    return std::get<Keys>(keys).access_key_secret.reveal();
  }

  Environment id_{"ALIBABA_CLOUD_ACCESS_KEY_ID", nullptr};
  Environment secret_{"ALIBABA_CLOUD_ACCESS_KEY_SECRET", nullptr};
  Environment token_{"ALIBABA_CLOUD_SECURITY_TOKEN", nullptr};
  TemporaryFolder folder_;
  AccountConfig account_;
  KeyFiles::Steady now_{};
};

TEST_F(KeyFilesTest, ReadsIdSecretAndTokenFromFiles) {
  account_.credentials.access_key_id = "";
  account_.credentials.access_key_id_file = folder_.write("id", "STS.FILE\n");
  account_.credentials.security_token_file = folder_.write("token", "CAIS+/=\n");
  KeyFiles files = make();
  const auto keys = std::get<Keys>(files.keys(account_));
  EXPECT_EQ(keys.access_key_id, "STS.FILE");
  EXPECT_EQ(keys.access_key_secret.reveal(), "first");
  EXPECT_EQ(keys.security_token.reveal(), "CAIS+/=");
}

TEST_F(KeyFilesTest, ATokenIsOnlyGivenWithAnIdOfSts) {
  account_.credentials.security_token_file = folder_.write("token", "CAIS\n");
  KeyFiles files = make();
  EXPECT_TRUE(std::get<Keys>(files.keys(account_)).security_token.empty());
  AccountConfig bare;
  bare.name = "bare";
  const Environment secret("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "S");
  const Environment token("ALIBABA_CLOUD_SECURITY_TOKEN", "CAIS");
  for (const auto& [id, sent] : {std::pair("LTAI5tX", ""), std::pair("\"STS.1\"", "CAIS")}) {
    const Environment variable("ALIBABA_CLOUD_ACCESS_KEY_ID", id);
    KeyFiles environment = make();
    EXPECT_EQ(std::get<Keys>(environment.keys(bare)).security_token.reveal(), sent);
  }
}

TEST_F(KeyFilesTest, UsesAChangedKeyAtTheNextCheck) {
  KeyFiles files = make();
  EXPECT_EQ(ask(files, account_), "first");
  // The same size in the same instant, and in place: neither size nor inode shows the change.
  folder_.write("secret", "other\n");
  now_ += KeyFiles::kCheckInterval - seconds(1);
  EXPECT_EQ(ask(files, account_), "first");
  now_ += seconds(1);
  EXPECT_EQ(ask(files, account_), "other");
  std::filesystem::rename(folder_.write("new", "third\n"), folder_ / "secret");
  now_ += KeyFiles::kCheckInterval;
  EXPECT_EQ(ask(files, account_), "third");
}

TEST_F(KeyFilesTest, OutlivesAFileThatIsBeingWritten) {
  KeyFiles files = make();
  EXPECT_EQ(ask(files, account_), "first");
  folder_.write("secret", "");
  now_ += KeyFiles::kCheckInterval;
  EXPECT_EQ(ask(files, account_), "first");
  folder_.write("secret", "second\n");
  now_ += KeyFiles::kCheckInterval;
  EXPECT_EQ(ask(files, account_), "second");
}

TEST_F(KeyFilesTest, AFileThatIsGoneIsReportedWithin30Seconds) {
  KeyFiles files = make();
  EXPECT_EQ(ask(files, account_), "first");
  std::filesystem::remove(folder_ / "secret");
  const auto gone = now_;
  while (ask(files, account_) == "first") {
    now_ += seconds(1);
    ASSERT_LE(now_ - gone, seconds(30));
  }
  EXPECT_EQ(ask(files, account_), "account `prod`: `access_key_secret_file` " + folder_ / "secret" +
                                      " cannot be read: No such file or directory; check the path, "
                                      "and that the user of taskwatchd can read it");
  EXPECT_GE(now_ - gone, KeyFiles::kGrace);
  folder_.write("secret", "back\n");
  now_ += KeyFiles::kCheckInterval;
  EXPECT_EQ(ask(files, account_), "back");
}

TEST_F(KeyFilesTest, AnErrorIsCheckedNoMoreOftenThanAFile) {
  std::filesystem::remove(folder_ / "secret");
  KeyFiles files = make();
  EXPECT_THAT(ask(files, account_), HasSubstr("cannot be read"));
  folder_.write("secret", "first\n");
  now_ += seconds(1);
  EXPECT_THAT(ask(files, account_), HasSubstr("cannot be read"));
  now_ += KeyFiles::kCheckInterval;
  EXPECT_EQ(ask(files, account_), "first");
}

TEST_F(KeyFilesTest, RefusesWhatCannotBeAKeyWithoutShowingIt) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  const std::string large(kMaxKeyBytes + 1, 'x');
  for (const auto& [name, text, problem] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {"empty", "\n", "is empty"},
           {"large", large, "more than 4096 bytes"},
           {"words", "canary canary\n", "a space, a second line"},
           {"lines", "canary\ncanary\n", "a space, a second line"},
           {"binary", std::string("canary\0", 7), "a space, a second line"}}) {
    account_.credentials.access_key_secret_file = folder_.write(name, text);
    KeyFiles files = make();
    const std::string message = ask(files, account_);
    EXPECT_THAT(message, HasSubstr(folder_ / name + " "));
    EXPECT_THAT(message, HasSubstr(problem));
    EXPECT_THAT(message, Not(HasSubstr("canary")));
  }
  account_.credentials.access_key_secret_file = folder_ / "pipe";
  KeyFiles files = make();
  EXPECT_THAT(ask(files, account_), HasSubstr("is not a regular file"));
}

TEST_F(KeyFilesTest, OtherCredentialsAreReadAtOnce) {
  KeyFiles files = make();
  EXPECT_EQ(ask(files, account_), "first");
  account_.credentials.access_key_secret_file = folder_.write("other", "other\n");
  EXPECT_EQ(ask(files, account_), "other");
  account_.credentials.access_key_secret_file = folder_ / "none";
  EXPECT_THAT(ask(files, account_), HasSubstr("cannot be read"));
}

TEST_F(KeyFilesTest, AccountsHaveKeysOfTheirOwnAndAreForgottenWhenUnlisted) {
  AccountConfig other = account_;
  other.name = "test";
  other.credentials.access_key_secret_file = folder_.write("other", "other\n");
  KeyFiles files = make();
  EXPECT_EQ(ask(files, account_), "first");
  EXPECT_EQ(ask(files, other), "other");
  Config config;
  config.accounts = {other};
  files.keep_only(config);
  folder_.write("secret", "second\n");
  folder_.write("other", "later\n");
  EXPECT_EQ(ask(files, account_), "second");
  EXPECT_EQ(ask(files, other), "other");
}

TEST_F(KeyFilesTest, TakesTheEnvironmentWhenNoCredentialsAreGiven) {
  account_.credentials = {};
  {
    const Environment id("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tENV");
    const Environment secret("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "from-env\n");
    KeyFiles files = make();
    const auto keys = std::get<Keys>(files.keys(account_));
    EXPECT_EQ(keys.access_key_id, "LTAI5tENV");
    EXPECT_EQ(keys.access_key_secret.reveal(), "from-env");
    EXPECT_TRUE(keys.security_token.empty());
  }
  KeyFiles without = make();
  EXPECT_EQ(ask(without, account_),
            "account `prod`: no credentials: set `credentials` in the configuration, or set "
            "ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET");
}

TEST_F(KeyFilesTest, NamesTheVariableThatIsMissingOrWrong) {
  account_.credentials = {};
  const Environment id("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tENV");
  KeyFiles half = make();
  EXPECT_EQ(ask(half, account_),
            "account `prod`: ALIBABA_CLOUD_ACCESS_KEY_ID is set but "
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET is not; set both");
  const Environment secret("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "canary canary");
  KeyFiles bad = make();
  EXPECT_THAT(ask(bad, account_), HasSubstr("ALIBABA_CLOUD_ACCESS_KEY_SECRET contains a space"));
  EXPECT_THAT(ask(bad, account_), Not(HasSubstr("canary")));
}

TEST_F(KeyFilesTest, FilesComeBeforeTheEnvironment) {
  const Environment id("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tENV");
  const Environment secret("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "from-env");
  KeyFiles files = make();
  EXPECT_EQ(ask(files, account_), "first");
}

TEST_F(KeyFilesTest, RejectedKeysAreReadAtOnce) {
  KeyFiles files = make();
  const auto keys = std::get<Keys>(files.keys(account_));
  EXPECT_FALSE(files.refused(account_, keys));
  folder_.write("secret", "second\n");
  EXPECT_TRUE(files.refused(account_, keys));
  EXPECT_EQ(ask(files, account_), "second");
}

TEST_F(KeyFilesTest, GivesOtherFilesAndVariablesAsTheyAre) {
  const Environment profile("ALIBABA_CLOUD_PROFILE", "ops");
  KeyFiles files = make();
  const Environment later("ALIBABA_CLOUD_PROFILE", "other");
  EXPECT_EQ(files.variable("ALIBABA_CLOUD_PROFILE").reveal(), "ops") << "as at the start";
  EXPECT_TRUE(files.variable("PATH").empty()) << "no business of ours";
  const std::string path = folder_.write("config.json", "{ }\n");
  EXPECT_EQ(files.file(path, 4).text.reveal(), "{ }\n");
  EXPECT_THAT(files.file(path, 3).problem, HasSubstr("contains more than 3 bytes"));
  EXPECT_TRUE(files.file(folder_ / "none", 10).absent);
  EXPECT_TRUE(files.file(path + "/below", 10).absent);
  const LocalText folder = files.file(folder_.path(), 10);
  EXPECT_FALSE(folder.absent);
  EXPECT_THAT(folder.problem, HasSubstr("is not a regular file"));
}

}  // namespace
}  // namespace taskwatchd
