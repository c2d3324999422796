// How the watchdog's self-check reaches the HTTP server.
#include "app/watchdog.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>

#include "io/sqlite/sqlite_store.h"
#include "io/system/system_clock.h"
#include "io/temporary_folder.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;

// Returns the number of watchdog pings within `span`; stops waiting after two. The server listens
// at `listen`; the watchdog is given `address`.
int pings(const std::string& listen, const std::string& address,
          milliseconds span = milliseconds(20'000)) {
  TemporaryFolder folder;
  boost::asio::io_context context;
  SystemClock clock(context.get_executor());
  auto opened = SqliteStore::open(context.get_executor(), folder / "state.db");
  auto& store = std::get<std::unique_ptr<SqliteStore>>(opened);
  HttpServer server(context.get_executor(), [](const WebRequest&) { return plain_text(200, ""); });
  const std::string bound = server.listen(listen).address;
  int count = 0;
  Watchdog watchdog(context.get_executor(), clock, *store, server,
                    address + bound.substr(bound.rfind(':')), [&count] { ++count; });
  spawn(context.get_executor(), watchdog.run(milliseconds(60)));
  const auto end = std::chrono::steady_clock::now() + span;
  while (count < 2 && std::chrono::steady_clock::now() < end) context.run_for(milliseconds(20));
  server.stop();
  store->close(milliseconds(1000));
  return count;
}

TEST(Watchdog, ReachesTheServerWhereItListens) {
  EXPECT_GT(pings("127.0.0.1:0", "127.0.0.1"), 1);
  EXPECT_GT(pings("127.0.0.1:0", "0.0.0.0"), 1);
}

// Simulates a host without IPv6: ::1 cannot be reached.
TEST(Watchdog, AWildcardOfIpv6IsReachedByIpv4Too) {
  EXPECT_GT(pings("127.0.0.1:0", "[::]"), 1);
}

// The first ping comes before the first self-check.
TEST(Watchdog, AServerThatIsNotThereIsNotAlive) {
  EXPECT_LE(pings("127.0.0.2:0", "127.0.0.1", milliseconds(500)), 1);
}

}  // namespace
}  // namespace taskwatchd
