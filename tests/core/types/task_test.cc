// The closed enumerations and their names: all of them are labels or fields of the contract.
#include "core/types/task.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/types/api.h"
#include "core/types/change.h"
#include "core/types/outcome.h"

namespace taskwatchd {
namespace {

template <typename List>
std::string words_of(const List& list) {
  std::string words;
  for (const auto value : list) words += std::string(name(value)) + ' ';
  return words;
}

TEST(TaskStatus, Names) {
  EXPECT_EQ(words_of(kAllTaskStatuses),
            "QUEUED SENT IN_PROGRESS SUCCEEDED FAILED REJECTED TIMED_OUT CANCELLED UNKNOWN ");
  for (const TaskStatus s : kAllTaskStatuses) EXPECT_EQ(parse_task_status(name(s)), s);
}

TEST(TaskStatus, AnyOtherWordIsUnknown) {
  for (const char* word : {"", "succeeded", "SUCCEEDED ", "TimeOut", "REMOVED", "IN PROGRESS"}) {
    EXPECT_EQ(parse_task_status(word), TaskStatus::kUnknown) << word;
  }
}

TEST(TaskStatus, BadFinishedAndRank) {
  std::set<std::string_view> bad, finished;
  for (const TaskStatus s : kAllTaskStatuses) {
    if (is_bad(s)) bad.insert(name(s));
    if (is_finished(s)) finished.insert(name(s));
    EXPECT_EQ(is_finished(s), rank(s) == 3) << name(s);
  }
  EXPECT_EQ(bad, (std::set<std::string_view>{"FAILED", "REJECTED", "TIMED_OUT"}));
  EXPECT_EQ(finished, (std::set<std::string_view>{"FAILED", "REJECTED", "TIMED_OUT", "SUCCEEDED",
                                                  "CANCELLED"}));
  EXPECT_LT(rank(TaskStatus::kQueued), rank(TaskStatus::kSent));
  EXPECT_LT(rank(TaskStatus::kSent), rank(TaskStatus::kInProgress));
  EXPECT_EQ(rank(TaskStatus::kUnknown), rank(TaskStatus::kInProgress));
}

TEST(Reason, Names) {
  EXPECT_EQ(words_of(kAllReasons),
            "throttled timeout unreachable tls server_error auth forbidden overdue clock_skew "
            "not_found bad_request protocol ");
}

TEST(Anomaly, Names) {
  EXPECT_EQ(words_of(kAllAnomalies),
            "unknown_status regression stale_reply wrong_task_id negative_delay "
            "job_changed endless_list ");
}

TEST(Api, NamesAndQuotas) {
  EXPECT_EQ(words_of(kAllApis),
            "QueryTask ListTask QueryJobStatistics QueryJob ListJob QueryDeviceDistributeJob "
            "QueryDeviceDistributeDetail ");
  for (const Api api : kAllApis) {
    EXPECT_EQ(parse_api(name(api)), api);
    EXPECT_EQ(documented_quota(api), api == Api::kQueryDeviceDistributeJob ? 10 : 5);
  }
  EXPECT_FALSE(parse_api("querytask"));
  EXPECT_FALSE(parse_api(""));
}

}  // namespace
}  // namespace taskwatchd
