// The client with name servers: pinned addresses, and a silent server that must not block anything.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "io/curl/curl_fixture.h"
#include "io/raw_server.h"
#include "io/test_certificates.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

// A blocked loop would wait for seconds. Shorter delays are normal on a busy machine.
constexpr auto kHeld = milliseconds(1000);

// Measures the longest time for which the loop did not run.
struct Heartbeat {
  explicit Heartbeat(boost::asio::io_context& context) : timer(context) { beat(); }
  void beat() {
    timer.expires_after(milliseconds(5));
    timer.async_wait([this](boost::system::error_code stopped) {
      if (stopped) return;
      longest = std::max(longest, watch.passed());
      watch = Stopwatch();
      beat();
    });
  }
  boost::asio::steady_timer timer;
  Stopwatch watch;
  milliseconds longest{0};
};

TEST(CurlDns, ANameIsResolvedOnceAndPinned) {
  const TestAuthority authority;
  const auto folder = std::filesystem::temp_directory_path() / ("dns" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  authority.write(folder / "ca.pem");
  const TlsContext tls = authority.serve({"DNS:iot.example"});
  RawServer server(
      [](RawConnection& peer) {
        peer.read_request();
        peer.reply("ok", "Connection: close\r\n");
      },
      tls.get());
  std::atomic<int> asked = 0;
  CurlOptions options;
  options.resolver.lookup = [&](const std::string& host) {
    ++asked;
    EXPECT_EQ(host, "iot.example");
    return Addresses{{"::1", "127.0.0.1"}, {}};
  };
  CurlFixture fixture(options);
  for (int i = 0; i < 5; ++i) {
    HttpRequest request = get("https://iot.example:" + std::to_string(server.port()) + "/");
    request.ca_file = folder / "ca.pem";
    EXPECT_EQ(reply_of(fixture.fetch(std::move(request))).body, "ok");
  }
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(server.accepted(), 5);
  std::filesystem::remove_all(folder);
}

TEST(CurlDns, OnlyTheProxysNameIsResolved) {
  RawServer proxy([](RawConnection& peer) {
    peer.read_request();
    peer.send("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
  });
  std::vector<std::string> asked;
  CurlOptions options;
  options.resolver.lookup = [&](const std::string& host) {
    asked.push_back(host);
    return Addresses{{"127.0.0.1"}, {}};
  };
  CurlFixture fixture(options);
  HttpRequest request = get("https://iot.example/");
  request.proxy = "http://proxy.example:" + std::to_string(proxy.port());
  EXPECT_THAT(message_of(fixture.fetch(std::move(request))), HasSubstr("the proxy refused"));
  EXPECT_THAT(asked, testing::ElementsAre("proxy.example"));
}

TEST(CurlDns, LiteralsAndLocalhostNeedNoLookup) {
  RawServer server([](RawConnection& peer) {
    peer.read_request();
    peer.reply("ok", "Connection: close\r\n");
  });
  CurlOptions options;
  options.resolver.lookup = [](const std::string&) -> Addresses {
    ADD_FAILURE();
    return {};
  };
  CurlFixture fixture(options);
  const std::string port = std::to_string(server.port());
  for (const char* host : {"127.0.0.1", "localhost", "LOCALHOST", "127.1"}) {
    const auto result = fixture.fetch(get("http://" + std::string(host) + ":" + port));
    EXPECT_EQ(kind_of(result), "reply") << host << message_of(result);
  }
  EXPECT_EQ(kind_of(fixture.fetch(get("http://[::1]:" + port))), "unreachable");
}

TEST(CurlDns, ASlowLookupDelaysNeitherLoopNorExit) {
  CurlOptions options;
  options.resolver.wait = milliseconds(300);
  options.resolver.lookup = [](const std::string&) {
    std::this_thread::sleep_for(milliseconds(1500));
    return Addresses{{"192.0.2.1"}, {}};
  };
  CurlFixture fixture(options);
  Heartbeat heartbeat(fixture.context);
  for (int i = 0; i < 50; ++i) fixture.start(get("https://iot.example/?Signature=canary"));
  fixture.run_for(milliseconds(500));
  ASSERT_EQ(fixture.results.size(), 50U);
  EXPECT_EQ(kind_of(fixture.results[0]), "unreachable");
  EXPECT_EQ(message_of(fixture.results[0]),
            "iot.example:443: cannot resolve iot.example: the name server did not respond in time");
  EXPECT_LT(heartbeat.longest, kHeld);
  fixture.start(get("https://iot.example/"));
  fixture.run_for(milliseconds(20));
  const Stopwatch watch;
  fixture.client.reset();
  EXPECT_LT(watch.passed(), kHeld);
  std::this_thread::sleep_for(milliseconds(1300));  // lets the thread end within the test
}

TEST(CurlDns, ACallDepartsOnceItsNameIsKnown) {
  RawServer server([](RawConnection& peer) {
    peer.read_request();
    peer.reply("ok", "Connection: close\r\n");
  });
  CurlOptions options;
  options.resolver.wait = std::chrono::seconds(9);
  options.resolver.lookup = [](const std::string&) {
    std::this_thread::sleep_for(milliseconds(2900));
    return Addresses{{"127.0.0.1"}, {}};
  };
  CurlFixture fixture(options);
  const auto start = std::chrono::steady_clock::now();
  // Only a proxy may be given as a name over plain HTTP. It stands for a server with a slow
  // look-up.
  HttpRequest request = get("http://127.0.0.1:" + std::to_string(server.port()) + "/");
  request.proxy = "http://slow.example:" + std::to_string(server.port());
  EXPECT_EQ(reply_of(fixture.fetch(std::move(request))).body, "ok");
  ASSERT_EQ(fixture.departures.size(), 1U);
  EXPECT_GE(fixture.departures[0] - start, milliseconds(2900));
}

TEST(CurlDns, ACallThatFindsNoAddressNeverDeparts) {
  CurlOptions options;
  options.resolver.lookup = [](const std::string&) { return Addresses{{}, "no such name"}; };
  CurlFixture fixture(options);
  EXPECT_EQ(kind_of(fixture.fetch(get("https://iot.example/"))), "unreachable");
  EXPECT_TRUE(fixture.departures.empty());
}

// Enters a new network and mount namespace where resolv.conf names a UDP socket that never
// responds. Returns false if that is not allowed.
bool enter_silent_world(int& silent) {
  if (unshare(CLONE_NEWNS | CLONE_NEWNET) != 0) return false;
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  const auto file =
      std::filesystem::temp_directory_path() / ("resolv" + std::to_string(getpid()) + ".conf");
  std::ofstream(file) << "nameserver 127.0.0.53\n";
  const bool mounted = mount(file.c_str(), "/etc/resolv.conf", nullptr, MS_BIND, nullptr) == 0;
  std::filesystem::remove(file);
  silent = ::socket(AF_INET, SOCK_DGRAM, 0);
  ifreq loopback{};
  std::snprintf(loopback.ifr_name, sizeof loopback.ifr_name, "lo");
  loopback.ifr_flags = IFF_UP | IFF_RUNNING;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(53);
  address.sin_addr.s_addr = inet_addr("127.0.0.53");
  return mounted && ioctl(silent, SIOCSIFFLAGS, &loopback) == 0 &&
         ::bind(silent, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

constexpr int kNotAllowed = 77;

// Returns 0, or the number of the step that failed.
int live_without_names() {
  int silent = -1;
  if (!enter_silent_world(silent)) return kNotAllowed;
  CurlFixture fixture;
  Heartbeat heartbeat(fixture.context);
  const Stopwatch watch;
  for (int i = 0; i < 25; ++i) {
    fixture.start(get("https://iot.cn-shanghai.aliyuncs.com/"));
    fixture.run_for(milliseconds(40));
  }
  fixture.run_for(milliseconds(3100));
  if (fixture.results.size() != 25) return 1;
  if (kind_of(fixture.results[0]) != "unreachable") return 2;
  if (heartbeat.longest > kHeld) return 3;
  pollfd asked{silent, POLLIN, 0};
  if (::poll(&asked, 1, 0) != 1) return 4;  // the name server did get a query
  const Stopwatch end;
  fixture.client.reset();
  return end.passed() < kHeld ? 0 : 5;
}

TEST(CurlDns, ASilentNameServerHoldsNeitherLoopNorExit) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) std::exit(live_without_names());
  const Stopwatch watch;
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << status;
  if (WEXITSTATUS(status) == kNotAllowed) {
    GTEST_SKIP() << "needs the right to make namespaces: not tested here";
  }
  EXPECT_EQ(WEXITSTATUS(status), 0) << "a step of live_without_names";
  EXPECT_LT(watch.passed(), milliseconds(7000));
}

}  // namespace
}  // namespace taskwatchd
