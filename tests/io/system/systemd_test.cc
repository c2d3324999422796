#include "io/system/systemd.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>

namespace taskwatchd {
namespace {

// A service manager that only receives.
class Systemd : public testing::Test {
 protected:
  Systemd() {
    std::string folder = "/tmp/taskwatchd-notify-XXXXXX";
    EXPECT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    path_ = folder + "/notify";
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::setenv("NOTIFY_SOCKET", path_.c_str(), 1);
  }
  ~Systemd() override {
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
    ::unsetenv("WATCHDOG_PID");
    ::close(socket_);
    ::unlink(path_.c_str());
    ::rmdir(folder_.c_str());
  }
  std::string heard() {
    char text[4096];
    const ssize_t n = ::recv(socket_, text, sizeof text, 0);
    return n < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(n));
  }

  int socket_ = -1;
  std::string folder_, path_;
};

TEST_F(Systemd, SendsTheStatesThatTheManagerKnows) {
  EXPECT_TRUE(systemd::ready("polling 3 tasks"));
  EXPECT_EQ(heard(), "READY=1\nSTATUS=polling 3 tasks");
  EXPECT_TRUE(systemd::stopping());
  EXPECT_EQ(heard(), "STOPPING=1");
  EXPECT_TRUE(systemd::watchdog_ping());
  EXPECT_EQ(heard(), "WATCHDOG=1");
  EXPECT_TRUE(systemd::extend_timeout(std::chrono::seconds(5)));
  EXPECT_EQ(heard(), "EXTEND_TIMEOUT_USEC=5000000");
  EXPECT_EQ(heard(), "nothing");
}

TEST_F(Systemd, AStatusCannotBecomeAnotherMessage) {
  EXPECT_TRUE(systemd::status("two\nSTOPPING=1"));
  EXPECT_EQ(heard(), "STATUS=two STOPPING=1");
}

TEST_F(Systemd, ReloadingNamesItsMoment) {
  timespec before{}, after{};
  ::clock_gettime(CLOCK_MONOTONIC, &before);
  EXPECT_TRUE(systemd::reloading());
  ::clock_gettime(CLOCK_MONOTONIC, &after);
  const std::string text = heard();
  const std::string head = "RELOADING=1\nMONOTONIC_USEC=";
  ASSERT_THAT(text, testing::StartsWith(head));
  const long long said = std::stoll(text.substr(head.size()));
  EXPECT_GE(said, before.tv_sec * 1'000'000LL + before.tv_nsec / 1000);
  EXPECT_LE(said, after.tv_sec * 1'000'000LL + after.tv_nsec / 1000);
}

TEST_F(Systemd, PingsAtHalfTheInterval) {
  EXPECT_EQ(systemd::watchdog_interval(), std::nullopt);
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(systemd::watchdog_interval(), std::chrono::seconds(15));
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(systemd::watchdog_interval(), std::chrono::seconds(15));
  ::setenv("WATCHDOG_PID", std::to_string(::getpid() + 1).c_str(), 1);
  EXPECT_EQ(systemd::watchdog_interval(), std::nullopt) << "meant for another process";
}

TEST_F(Systemd, WithoutAManagerNothingHappens) {
  ::unsetenv("NOTIFY_SOCKET");
  EXPECT_FALSE(systemd::ready("x"));
  EXPECT_FALSE(systemd::watchdog_ping());
  EXPECT_EQ(heard(), "nothing");
}

TEST_F(Systemd, AManagerThatIsGoneIsNoHarm) {
  ::setenv("NOTIFY_SOCKET", (path_ + ".gone").c_str(), 1);
  EXPECT_FALSE(systemd::ready("x"));
}

}  // namespace
}  // namespace taskwatchd
