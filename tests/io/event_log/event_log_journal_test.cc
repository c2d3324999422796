#include "io/event_log/event_log_journal.h"

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <string>

#include "io/event_log/event_log.h"
#include "io/event_log/event_log_message_ids.h"

namespace taskwatchd {
namespace {

using testing::Contains;
using testing::Not;

Event transition() {
  Event event;
  event.id = 42;
  event.ts = Wall(std::chrono::milliseconds(1'800'000'000'004));
  event.level = Level::kWarn;
  event.name = "task_transition";
  event.msg = "task t1 went from SENT to FAILED";
  event.fields = {{"account", std::string("prod")},
                  {"task_id", std::string("t1")},
                  {"from", std::string("SENT")},
                  {"attempt", std::int64_t{2}},
                  {"progress", 33.5},
                  {"anomaly", true},
                  {"inferred", StringList{"SENT", "IN_PROGRESS"}},
                  {"labels", StringMap{{"team", "ota"}, {"a-b", "c"}}},
                  {"status_message", std::string("bad\nPRIORITY=0\x1b[2J")}};
  return event;
}

TEST(JournalFields, EachFieldOfItsOwn) {
  const auto fields = event_log::journal_fields(transition());
  for (const char* expected :
       {"MESSAGE=task t1 went from SENT to FAILED", "PRIORITY=4", "SYSLOG_IDENTIFIER=taskwatchd",
        "EVENT=task_transition", "EVENT_ID=42", "EVENT_TIME=2027-01-15T08:00:00.004Z",
        "ACCOUNT=prod", "TASK_ID=t1", "FROM=SENT", "ATTEMPT=2", "PROGRESS=33.5", "ANOMALY=true",
        "INFERRED=SENT,IN_PROGRESS", "LABELS_TEAM=ota", "LABELS_A_B=c"}) {
    EXPECT_THAT(fields, Contains(expected));
  }
  EXPECT_THAT(fields,
              Contains("MESSAGE_ID=" + std::string(event_log::message_id("task_transition"))));
}

TEST(JournalFields, NoFieldCanPoseAsAnother) {
  Event event = transition();
  event.fields.push_back({"message", std::string("x")});
  event.fields.push_back({"priority", std::string("0")});
  event.fields.push_back({"_pid", std::string("1")});
  event.fields.push_back({std::string(100, 'n'), std::string("long")});
  std::map<std::string, int> names;
  for (const std::string& field : event_log::journal_fields(event)) {
    const std::string name = field.substr(0, field.find('='));
    EXPECT_TRUE(std::regex_match(name, std::regex("[A-Z][A-Z0-9_]{0,63}"))) << name;
    EXPECT_EQ(++names[name], 1) << name;
    for (const char c : field) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << field;
  }
  EXPECT_EQ(names.count("TASKWATCHD_MESSAGE"), 1u);
  EXPECT_EQ(names.count("TASKWATCHD__PID"), 1u);
}

TEST(JournalFields, LevelsAreSyslogs) {
  const std::pair<Level, const char*> all[] = {{Level::kDebug, "PRIORITY=7"},
                                               {Level::kInfo, "PRIORITY=6"},
                                               {Level::kWarn, "PRIORITY=4"},
                                               {Level::kError, "PRIORITY=3"}};
  for (const auto& [level, expected] : all) {
    Event event;
    event.level = level;
    EXPECT_THAT(event_log::journal_fields(event), Contains(expected));
  }
}

TEST(JournalFields, ADiagnosticHasNoIds) {
  Event event;
  event.msg = "hello";
  const auto fields = event_log::journal_fields(event);
  EXPECT_THAT(fields, Not(Contains(testing::StartsWith("EVENT="))));
  EXPECT_THAT(fields, Not(Contains(testing::StartsWith("MESSAGE_ID="))));
  EXPECT_THAT(fields, Not(Contains(testing::StartsWith("EVENT_ID="))));
}

TEST(MessageIds, EachIsUniqueAndHasItsCatalogEntry) {
  std::ifstream in(SOURCE_DIR "/systemd/taskwatchd.catalog");
  const std::string catalog(std::istreambuf_iterator<char>(in), {});
  std::set<std::string_view> ids;
  for (const auto& [event, id] : event_log::message_ids()) {
    EXPECT_TRUE(ids.insert(id).second) << event;
    EXPECT_TRUE(std::regex_match(std::string(id), std::regex("[0-9a-f]{32}"))) << event;
    EXPECT_NE(catalog.find("\n-- " + std::string(id) + "\n"), std::string::npos) << event;
  }
  std::size_t entries = 0;
  for (std::size_t at = 0; (at = catalog.find("\n-- ", at)) != std::string::npos; ++at) ++entries;
  EXPECT_EQ(entries, ids.size()) << "an entry for no event";
}

// Gives the calling child process a private /run with a journal socket. Nobody reads it unless a
// test does. Returns the socket; nullopt if a mount namespace is not allowed.
std::optional<int> private_journal() {
  if (::unshare(CLONE_NEWNS) != 0) return std::nullopt;
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return std::nullopt;
  if (::mount("tmpfs", "/run", "tmpfs", 0, nullptr) != 0) return std::nullopt;
  if (::mkdir("/run/systemd", 0755) != 0 || ::mkdir("/run/systemd/journal", 0755) != 0) {
    return std::nullopt;
  }
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, "/run/systemd/journal/socket");
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return std::nullopt;
  }
  return fd;
}

constexpr int kNotAllowed = 77;

// Runs `body` in a child with a private journal. `body` must return 0.
template <typename Body>
void in_private_journal(const Body& body) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto journal = private_journal();
    _exit(journal ? body(*journal) : kNotAllowed);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  if (WEXITSTATUS(status) == kNotAllowed) GTEST_SKIP() << "no mount namespace of our own here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// Makes one delivery on this loop, for at most `limit`. Returns nullopt if it has not ended by
// then.
std::optional<bool> deliver(boost::asio::io_context& loop, EventLog& log, std::vector<Event> events,
                            std::chrono::milliseconds limit) {
  auto answer = std::make_shared<std::optional<bool>>();
  const auto take = [answer](std::exception_ptr, bool delivered) { *answer = delivered; };
  boost::asio::co_spawn(loop, log.sink().deliver(std::move(events)), take);
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!*answer && std::chrono::steady_clock::now() < end) {
    loop.run_one_for(std::chrono::milliseconds(20));
  }
  return *answer;
}

TEST(Journal, GetsAnEntryWithNativeFields) {
  in_private_journal([](int journal) {
    boost::asio::io_context loop;
    EventLog log(loop.get_executor(), LogFormat::kJournald, Level::kInfo);
    if (deliver(loop, log, {transition()}, std::chrono::seconds(5)) != true) return 1;
    char text[65536];
    const ssize_t n = ::recv(journal, text, sizeof text, MSG_DONTWAIT);
    if (n <= 0) return 2;
    const std::string entry = "\n" + std::string(text, static_cast<std::size_t>(n));
    for (const std::string& field : event_log::journal_fields(transition())) {
      if (entry.find("\n" + field + "\n") == std::string::npos) return 3;
    }
    return log.written().at(2) == 1 ? 0 : 4;
  });
}

TEST(Journal, StalledItHoldsNeitherTheLoopNorTheEnd) {
  in_private_journal([](int) {
    boost::asio::io_context loop;
    EventLog log(loop.get_executor(), LogFormat::kJournald, Level::kInfo);
    std::vector<Event> events(2000, transition());
    if (deliver(loop, log, events, std::chrono::milliseconds(300)).has_value()) return 1;
    const auto before = std::chrono::steady_clock::now();
    for (int i = 0; i < 20'000; ++i) log.write(transition());
    if (log.dropped() == 0) return 2;
    log.stop(std::chrono::milliseconds(100));
    return std::chrono::steady_clock::now() - before < std::chrono::seconds(10) ? 0 : 3;
  });
}

TEST(Journal, AbsentItHasGotNothing) {
  in_private_journal([](int) {
    ::unlink("/run/systemd/journal/socket");
    boost::asio::io_context loop;
    EventLog log(loop.get_executor(), LogFormat::kJournald, Level::kInfo);
    testing::internal::CaptureStderr();
    const bool refused = deliver(loop, log, {transition()}, std::chrono::seconds(5)) == false;
    const std::string said = testing::internal::GetCapturedStderr();
    // Reported on stderr, once for all attempts: it cannot be reported elsewhere.
    const bool heard = said.starts_with("taskwatchd: the journal does not take entries") &&
                       said.find('\n') == said.size() - 1;
    return refused && heard ? 0 : 1;
  });
}

}  // namespace
}  // namespace taskwatchd
