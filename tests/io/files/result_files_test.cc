// Result files over real sockets: what is fetched, what is rejected, and what remains on disk.
#include "io/files/result_files.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>

#include "io/raw_server.h"
#include "io/temporary_folder.h"
#include "io/test_certificates.h"

namespace taskwatchd {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Answer = std::variant<DistributionResult, ResultFailure>;
using std::chrono::milliseconds;

const std::string kCsv = "DeviceName,Code\nd-1,200\nd-2,6100\n";
constexpr const char* kQuery = "/job1/7u?Expires=1&OSSAccessKeyId=canary&Signature=canary%2B";

class Fetches {
 public:
  explicit Fetches(ResultFilesOptions options = {}) {
    files = std::make_unique<CurlResultFiles>(context.get_executor(), folder / "distributions",
                                              std::move(options));
  }

  void start(ResultRequest request) {
    boost::asio::co_spawn(context, wait(*this, std::move(request)), boost::asio::detached);
  }
  Answer fetch(ResultRequest request) {
    answers.clear();
    start(std::move(request));
    run_until(1);
    return answers.empty() ? ResultFailure{false, "never came"} : answers.front();
  }
  void run_until(std::size_t count) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (answers.size() < count && std::chrono::steady_clock::now() < end) {
      context.restart();
      context.run_one_for(milliseconds(50));
    }
  }
  std::vector<std::string> kept() const {
    std::vector<std::string> names;
    std::error_code none;
    for (const auto& file : std::filesystem::directory_iterator(folder / "distributions", none)) {
      names.push_back(file.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  TemporaryFolder folder;
  boost::asio::io_context context;
  std::unique_ptr<CurlResultFiles> files;
  std::vector<Answer> answers;

 private:
  static Awaitable<void> wait(Fetches& me, ResultRequest request) {
    Answer answer = co_await me.files->fetch(std::move(request));
    me.answers.push_back(std::move(answer));
  }
};

ResultRequest request_of(const std::string& url, std::vector<std::string> hosts = {"127.0.0.1"}) {
  ResultRequest request;
  request.key = {"demo", "Ubms010001"};
  request.url = Secret(url);
  request.hosts = std::move(hosts);
  return request;
}
std::string failure_of(const Answer& answer) {
  const auto* const failure = std::get_if<ResultFailure>(&answer);
  return failure == nullptr ? "" : failure->message;
}
bool is_expired(const Answer& answer) {
  const auto* const failure = std::get_if<ResultFailure>(&answer);
  return failure != nullptr && failure->expired;
}
const DistributionResult& result_of(const Answer& answer) {
  static const DistributionResult none;
  const auto* const result = std::get_if<DistributionResult>(&answer);
  EXPECT_NE(result, nullptr) << failure_of(answer);
  return result == nullptr ? none : *result;
}

// Responds to each request with the same bytes and closes.
struct Bytes {
  std::string bytes;
  void operator()(RawConnection& peer) const {
    if (!peer.read_request().empty()) peer.send(bytes);
  }
};
std::string reply(int status, const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
}

TEST(ResultFiles, AFileIsReadAndItsBytesKept) {
  RawServer* self = nullptr;
  RawServer server([&](RawConnection& peer) {
    self->note(peer.read_request());
    peer.send(reply(200, kCsv));
  });
  self = &server;
  Fetches fetches;
  const Answer answer = fetches.fetch(request_of(server.url(kQuery)));
  const DistributionResult& result = result_of(answer);
  EXPECT_TRUE(result.understood);
  EXPECT_EQ(result.ok, 1U);
  EXPECT_THAT(result.failed_devices, ElementsAre(DeviceResult{"", "d-2", "6100", ""}));
  EXPECT_EQ(result.bytes, kCsv.size());
  // The link is sent unchanged.
  EXPECT_THAT(server.notes().at(0), HasSubstr("GET " + std::string(kQuery) + " HTTP/1.1\r\n"));
  EXPECT_THAT(server.notes().at(0), Not(HasSubstr("Accept-Encoding")));

  EXPECT_THAT(fetches.kept(), ElementsAre("demo-Ubms010001.1.raw"));
  const std::string path = fetches.folder / "distributions/demo-Ubms010001.1.raw";
  std::ifstream file(path, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), kCsv);
  struct stat about {};
  ASSERT_EQ(::stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  ASSERT_EQ(::stat((fetches.folder / "distributions").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0700U);
}

TEST(ResultFiles, AnUnknownFormatIsKeptAndReported) {
  RawServer server(Bytes{reply(200, std::string("\x01\x02\xff", 3))});
  Fetches fetches;
  const Answer answer = fetches.fetch(request_of(server.url()));
  EXPECT_FALSE(result_of(answer).understood);
  EXPECT_EQ(result_of(answer).format, ResultFormat::kUnknown);
  EXPECT_EQ(fetches.kept().size(), 1U);
}

TEST(ResultFiles, AnEmptyFileIsNoResult) {
  RawServer server(Bytes{reply(200, "")});
  Fetches fetches;
  EXPECT_EQ(result_of(fetches.fetch(request_of(server.url()))).problem, "the file is empty");
}

TEST(ResultFiles, AnExpiredLinkIsReported) {
  const std::string xml =
      "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code>"
      "<Message>Request has expired.</Message></Error>";
  RawServer server(Bytes{reply(403, xml)});
  RawServer odd(Bytes{reply(400, xml)});
  RawServer gone(Bytes{reply(404, "<Error><Code>NoSuchKey</Code></Error>")});
  RawServer hostile(Bytes{reply(500, "<Code>a b\x1b[31m</Code>" + std::string(100'000, 'x'))});
  Fetches fetches;
  const Answer answer = fetches.fetch(request_of(server.url(kQuery)));
  EXPECT_TRUE(is_expired(answer));
  EXPECT_EQ(failure_of(answer),
            "127.0.0.1:" + std::to_string(server.port()) + ": HTTP 403 AccessDenied");
  EXPECT_TRUE(is_expired(fetches.fetch(request_of(odd.url()))));
  const Answer no_key = fetches.fetch(request_of(gone.url()));
  EXPECT_FALSE(is_expired(no_key));
  EXPECT_THAT(failure_of(no_key), HasSubstr("HTTP 404 NoSuchKey"));
  EXPECT_THAT(failure_of(fetches.fetch(request_of(hostile.url()))), testing::EndsWith("HTTP 500"));
  EXPECT_TRUE(fetches.kept().empty());
}

TEST(ResultFiles, RedirectsAreNotFollowed) {
  RawServer target(Bytes{reply(200, kCsv)});
  RawServer server(Bytes{reply(302, "", "Location: " + target.url() + "\r\n")});
  Fetches fetches;
  EXPECT_THAT(failure_of(fetches.fetch(request_of(server.url()))),
              HasSubstr("a redirect, which is not followed: HTTP 302"));
  EXPECT_EQ(target.accepted(), 0);
  EXPECT_TRUE(fetches.kept().empty());
}

TEST(ResultFiles, TooLargeIsStopped) {
  ResultFilesOptions options;
  options.fetch.file_bytes = 1U << 20U;
  Fetches fetches(options);
  RawServer endless([](RawConnection& peer) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\n\r\n");
    while (peer.send(kCsv + std::string(60'000, '\n'))) {
    }
  });
  RawServer announced(Bytes{"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + kCsv});
  RawServer headers([](RawConnection& peer) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\n");
    while (peer.send("X-A: " + std::string(8000, 'a') + "\r\n")) {
    }
  });
  for (RawServer* server : {&endless, &announced, &headers}) {
    EXPECT_THAT(failure_of(fetches.fetch(request_of(server->url()))),
                HasSubstr("the file is larger than 1048576 bytes"));
  }
  EXPECT_TRUE(fetches.kept().empty());
}

TEST(ResultFiles, SlowOnesAreStopped) {
  ResultFilesOptions options;
  options.fetch.low_speed_time = std::chrono::seconds(1);
  RawServer slow([](RawConnection& peer) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n");
    while (peer.sleep(milliseconds(100)) && peer.send("x")) {
    }
  });
  Fetches fetches(options);
  EXPECT_THAT(failure_of(fetches.fetch(request_of(slow.url()))),
              HasSubstr("the file was not received in time"));
  RawServer silent([](RawConnection& peer) { peer.hold(); });
  ResultFilesOptions short_time;
  short_time.fetch.timeout = milliseconds(300);
  Fetches hurried(short_time);
  EXPECT_THAT(failure_of(hurried.fetch(request_of(silent.url()))),
              HasSubstr("the file was not received in time"));
}

TEST(ResultFiles, CutOnesAreNoResult) {
  RawServer short_one(Bytes{"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n" + kCsv});
  RawServer chunked(
      Bytes{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nDeviceNam\r\n"});
  RawServer bare(Bytes{"HTTP/1.1 200 OK\r\n\r\n" + kCsv});
  RawServer nothing([](RawConnection& peer) { peer.read_request(); });
  RawServer odd(Bytes{"220 mail.example ESMTP\r\n"});
  Fetches fetches;
  EXPECT_THAT(failure_of(fetches.fetch(request_of(short_one.url()))),
              HasSubstr("not received completely"));
  EXPECT_THAT(failure_of(fetches.fetch(request_of(chunked.url()))),
              HasSubstr("not received completely"));
  EXPECT_THAT(failure_of(fetches.fetch(request_of(bare.url()))), HasSubstr("no length"));
  EXPECT_THAT(failure_of(fetches.fetch(request_of(nothing.url()))),
              HasSubstr("not received completely"));
  EXPECT_THAT(failure_of(fetches.fetch(request_of(odd.url()))), HasSubstr("not HTTP"));
  EXPECT_TRUE(fetches.kept().empty());
  RawServer good(Bytes{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n22\r\n" + kCsv +
                       "\r\n0\r\n\r\n"});
  EXPECT_EQ(result_of(fetches.fetch(request_of(good.url()))).ok, 1U);
}

TEST(ResultFiles, OnlyListedHostsAndPublicAddresses) {
  RawServer server(Bytes{reply(200, kCsv)});
  const std::string port = ":" + std::to_string(server.port());
  Fetches fetches;
  // Spellings of loopback that are not in the list of allowed hosts.
  for (const char* host : {"2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]",
                           "localhost", "127.0.0.2"}) {
    for (const char* scheme : {"http://", "https://"}) {
      const Answer answer = fetches.fetch(request_of(scheme + std::string(host) + port + kQuery));
      EXPECT_NE(failure_of(answer), "") << host;
      EXPECT_THAT(failure_of(answer), Not(HasSubstr("canary")));
    }
  }
  // Addresses that are listed but not public: rejected before a byte is sent.
  for (const char* host : {"10.0.0.1", "169.254.169.254", "100.100.100.200", "192.168.1.1",
                           "[fd00::1]", "[::ffff:127.0.0.1]"}) {
    const Answer answer =
        fetches.fetch(request_of("https://" + std::string(host) + kQuery, {host}));
    EXPECT_THAT(failure_of(answer), AllOf(HasSubstr("no public address"), Not(HasSubstr("canary"))))
        << host;
  }
  // No proxy is used to reach them either.
  RawServer proxy(Bytes{reply(200, "")});
  ResultRequest metadata = request_of("https://169.254.169.254/", {"169.254.169.254"});
  metadata.proxy = proxy.url();
  EXPECT_THAT(failure_of(fetches.fetch(std::move(metadata))), HasSubstr("no public address"));
  EXPECT_EQ(proxy.accepted(), 0);
  EXPECT_EQ(server.accepted(), 0);
  // A listed name: the address to which it resolves decides.
  EXPECT_EQ(result_of(fetches.fetch(request_of("http://localhost" + port + "/", {"localhost"}))).ok,
            1U);
}

TEST(ResultFiles, CertificatesAreChecked) {
  const TestAuthority authority;
  const TlsContext context = authority.serve();
  RawServer server(Bytes{reply(200, kCsv)}, context.get());
  Fetches fetches;
  EXPECT_THAT(failure_of(fetches.fetch(request_of(server.url(kQuery)))),
              AllOf(HasSubstr("no trusted TLS connection"), Not(HasSubstr("canary"))));
  ResultRequest trusting = request_of(server.url(kQuery));
  trusting.ca_file = fetches.folder / "ca.pem";
  authority.write(trusting.ca_file);
  EXPECT_EQ(result_of(fetches.fetch(std::move(trusting))).ok, 1U);
}

TEST(ResultFiles, TheEnvironmentsProxyIsNotUsed) {
  RawServer proxy(Bytes{reply(502, "")});
  RawServer server(Bytes{reply(200, kCsv)});
  const Environment one("http_proxy", proxy.url().c_str());
  const Environment two("ALL_PROXY", proxy.url().c_str());
  Fetches fetches;
  EXPECT_EQ(result_of(fetches.fetch(request_of(server.url()))).ok, 1U);
  EXPECT_EQ(proxy.accepted(), 0);
  ResultRequest request =
      request_of("https://a.aliyuncs.com/" + std::string(kQuery), {"*.aliyuncs.com"});
  request.proxy = proxy.url();
  EXPECT_EQ(failure_of(fetches.fetch(std::move(request))),
            "a.aliyuncs.com:443: the proxy refused to connect: HTTP 502");
}

TEST(ResultFiles, OneAtATimeAndABoundedQueue) {
  std::atomic<int> now = 0, most = 0;
  RawServer server([&](RawConnection& peer) {
    peer.read_request();
    most = std::max(most.load(), ++now);
    peer.sleep(milliseconds(30));
    --now;
    peer.send(reply(200, kCsv));
  });
  ResultFilesOptions options;
  options.waiting = 3;
  Fetches fetches(options);
  for (int i = 0; i < 10; ++i) fetches.start(request_of(server.url()));
  fetches.run_until(10);
  ASSERT_EQ(fetches.answers.size(), 10U);
  const auto refused =
      std::count_if(fetches.answers.begin(), fetches.answers.end(),
                    [](const Answer& answer) { return failure_of(answer).find("too many") == 0; });
  EXPECT_GE(refused, 6);
  EXPECT_LE(refused, 7);
  EXPECT_EQ(most, 1);
  EXPECT_EQ(fetches.kept().size(), static_cast<std::size_t>(10 - refused));
}

TEST(ResultFiles, StopsWithinASecond) {
  RawServer silent([](RawConnection& peer) { peer.hold(); });
  Fetches fetches;
  fetches.start(request_of(silent.url()));
  fetches.start(request_of(silent.url()));
  fetches.context.restart();
  fetches.context.run_for(milliseconds(200));
  EXPECT_EQ(silent.accepted(), 1);
  const auto begin = std::chrono::steady_clock::now();
  fetches.files.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
  fetches.run_until(2);
  ASSERT_EQ(fetches.answers.size(), 2U);
  for (const Answer& answer : fetches.answers) EXPECT_NE(failure_of(answer), "");
  EXPECT_TRUE(fetches.kept().empty());
}

TEST(ResultFiles, ReturnsNoResultAfterTheLoopHasEnded) {
  RawServer silent([](RawConnection& peer) { peer.hold(); });
  auto fetches = std::make_unique<Fetches>();
  fetches->start(request_of(silent.url()));
  fetches->context.run_for(milliseconds(100));
  fetches.reset();
  EXPECT_EQ(silent.accepted(), 1);
}

TEST(ResultFiles, WhatTheReadingThrowsIsAFailureAndTheNextFileIsRead) {
  RawServer server(Bytes{reply(200, kCsv)});
  int reads = 0;
  ResultFilesOptions options;
  options.read = [&reads](std::string_view bytes, const ReleaseBytes& release) {
    if (++reads == 1) throw std::bad_alloc();
    if (reads == 2) throw std::runtime_error("odd");
    return read_result_file(bytes, {}, release);
  };
  Fetches fetches(options);
  const auto refused = [](const Answer& answer) {
    const auto* const failure = std::get_if<ResultFailure>(&answer);
    return failure != nullptr && failure->refused;
  };
  const Answer memory = fetches.fetch(request_of(server.url()));
  EXPECT_EQ(failure_of(memory), "out of memory while reading it");
  EXPECT_TRUE(refused(memory));
  const Answer odd = fetches.fetch(request_of(server.url()));
  EXPECT_EQ(failure_of(odd), "it cannot be read: odd");
  EXPECT_TRUE(refused(odd));
  EXPECT_EQ(result_of(fetches.fetch(request_of(server.url()))).ok, 1U);
  EXPECT_EQ(fetches.kept().size(), 3U) << "their bytes are kept";
}

TEST(ResultFiles, AFolderThatCannotBeWrittenIsReported) {
  RawServer server(Bytes{reply(200, kCsv)});
  Fetches fetches;
  fetches.folder.write("distributions", "a file is in the way");
  const Answer answer = fetches.fetch(request_of(server.url()));
  EXPECT_THAT(failure_of(answer), AllOf(HasSubstr("/distributions: cannot make a file in it"),
                                        HasSubstr("must be writable")));
  EXPECT_EQ(server.accepted(), 0);
}

TEST(ResultFolder, NamesAreSafe) {
  EXPECT_EQ(result_file_name({"demo", "Ubms"}, 7), "demo-Ubms.7.raw");
  EXPECT_EQ(result_file_name({"../a", "b/c%"}, 1), "%2E%2E%2Fa-b%2Fc%25.1.raw");
  EXPECT_EQ(result_file_name({"", std::string("\0\xff", 2)}, 1), "-%00%FF.1.raw");
  EXPECT_LT(result_file_name({std::string(500, '/'), std::string(500, 'a')}, 1).size(), 250U);
}

// Stores a file of `bytes` bytes.
void keep(ResultFolder& folder, const std::string& id, std::size_t bytes) {
  auto begun = folder.begin();
  ASSERT_TRUE(std::holds_alternative<ResultFolder::Draft>(begun)) << std::get<std::string>(begun);
  const auto& draft = std::get<ResultFolder::Draft>(begun);
  EXPECT_EQ(::ftruncate(draft.file, static_cast<off_t>(bytes)), 0);
  EXPECT_EQ(folder.keep(draft, {"a", id}), "");
  ::close(draft.file);
}
std::vector<std::string> names(const std::string& path) {
  std::vector<std::string> found;
  for (const auto& file : std::filesystem::directory_iterator(path)) {
    found.push_back(file.path().filename().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

TEST(ResultFolder, TheOldestGo) {
  TemporaryFolder place;
  ResultKeepLimits limits;
  limits.files = 3;
  limits.bytes = 1000;
  ResultFolder folder(place / "d", limits);
  for (const char* id : {"one", "two", "three", "four"}) keep(folder, id, 10);
  EXPECT_THAT(names(place / "d"), ElementsAre("a-four.4.raw", "a-three.3.raw", "a-two.2.raw"));
  keep(folder, "big", 985);
  EXPECT_THAT(names(place / "d"), ElementsAre("a-big.5.raw", "a-four.4.raw"));
  // Files are removed by age. Numbers continue although the file with the highest one was removed.
  timeval old[2] = {{1'500'000'000, 0}, {1'500'000'000, 0}};
  ASSERT_EQ(::utimes((place / "d/a-four.4.raw").c_str(), old), 0);
  place.write("d/notes.txt", "not ours");
  place.write("d/.draft-crash", "half a file");
  keep(folder, "new", 1);
  EXPECT_THAT(names(place / "d"), ElementsAre("a-big.5.raw", "a-new.6.raw", "notes.txt"));
}

}  // namespace
}  // namespace taskwatchd
