#include "view/status_line.h"

#include <gtest/gtest.h>

#include "view_world.h"

namespace taskwatchd {
namespace {

using std::chrono::seconds;

TEST(StatusLine, ReportsWhatIsPolled) {
  DaemonStatus status;
  EXPECT_EQ(render_status_line(status, kStart), "polling 0 accounts, 0 tasks");
  status = full_status({"T1"});
  EXPECT_EQ(render_status_line(status, kStart + seconds(41)),
            "polling 1 account, 1 task, oldest 41 s");
  status.accounts.push_back(status.accounts[0]);
  status.accounts[1].finished = 1200;
  status.accounts[1].oldest_observation = kStart - seconds(9);
  EXPECT_EQ(render_status_line(status, kStart), "polling 2 accounts, 1202 tasks, oldest 9 s");
}

TEST(StatusLine, AnObservationInTheFutureIsZeroSecondsOld) {
  EXPECT_EQ(render_status_line(full_status({"T1"}), kStart - seconds(5)),
            "polling 1 account, 1 task, oldest 0 s");
}

TEST(StatusLine, ReportsWhatIsWrong) {
  DaemonStatus status = full_status({"T1"});
  AccountStatus& account = status.accounts[0];
  account.up = false;
  account.oldest_observation.reset();
  account.gone = 2;
  status.store_up = false;
  status.last_reload_successful = false;
  EXPECT_EQ(render_status_line(status, kStart),
            "polling 1 account, 3 tasks, 1 account down: prod, 2 tasks gone, state database not "
            "writable, last reload failed");
}

TEST(StatusLine, NamesAFewAccountsOnly) {
  DaemonStatus status;
  for (int i = 0; i < 5; ++i) {
    status.accounts.emplace_back().name = "a" + std::to_string(i);
  }
  EXPECT_EQ(render_status_line(status, kStart),
            "polling 5 accounts, 0 tasks, 5 accounts down: a0 a1 a2 ...");
}

}  // namespace
}  // namespace taskwatchd
