// When a distribution's status and result file are polled, and which events this yields.
#include "core/polling/distribution_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/types/distribution_json.h"

namespace taskwatchd {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using enum DistributionStatus;

constexpr Api kJob = Api::kQueryDeviceDistributeJob;
constexpr Api kDetail = Api::kQueryDeviceDistributeDetail;

class DistributionWatchTest : public testing::Test {
 protected:
  void open(const std::vector<std::string>& ids = {"d1"},
            const std::vector<DistributionRecord>& stored = {}) {
    watch.configure(ids, stored, seconds(1), now);
  }
  void pass(Duration span) {
    now.mono += span;
    now.wall += std::chrono::duration_cast<std::chrono::milliseconds>(span);
  }
  std::optional<std::string> due(Api api) { return watch.next(api, now).id; }
  DistributionWatch::Update status(DistributionStatus status, const std::string& id = "d1") {
    watch.asked(kJob, id, ++call, now);
    return watch.status(reply(status, id), call, now);
  }
  static DistributionReply reply(DistributionStatus status, const std::string& id = "d1") {
    DistributionReply reply;
    reply.distribution_id = id;
    reply.status = status;
    if (status == kUnknown) reply.status_text = "7";
    reply.total = 3;
    return reply;
  }
  std::optional<DistributionWatch::Fetch> file(const std::string& url,
                                               const std::string& id = "d1") {
    watch.asked(kDetail, id, ++call, now);
    return watch.file(id, DistributionFile{Secret(url)}, call, now);
  }
  // Fetches a complete file that cannot be parsed.
  DistributionWatch::Update refuse(const std::string& why) {
    EXPECT_EQ(due(kDetail), "d1");
    EXPECT_TRUE(file("https://x/y"));
    DistributionResult strange;
    strange.problem = why;
    return watch.fetched("d1", strange, now);
  }
  static DistributionResult result(std::uint32_t ok, std::uint32_t failed) {
    DistributionResult read;
    read.format = ResultFormat::kCsv;
    read.understood = true;
    read.ok = ok;
    read.failed = failed;
    read.codes = {{"200", ok}, {"6401", failed}};
    for (std::uint32_t i = 0; i < failed; ++i) {
      read.failed_devices.push_back({"pk", "dev" + std::to_string(i), "6401", "no such device"});
    }
    return read;
  }
  static const FieldValue* field(const Event& event, const std::string& name) {
    for (const Field& each : event.fields) {
      if (each.name == name) return &each.value;
    }
    return nullptr;
  }

  Now now{Mono(std::chrono::hours(1)), Wall(std::chrono::hours(400'000))};
  DistributionWatch watch{"prod"};
  std::uint64_t call = 0;  // number of the latest call
};

TEST_F(DistributionWatchTest, IsPolledAtItsIntervalUntilFinishedThenForItsFile) {
  open();
  EXPECT_EQ(due(kJob), "d1");
  EXPECT_EQ(due(kDetail), std::nullopt);
  const auto first = status(kRunning);
  EXPECT_TRUE(first.record) << "the first sight is kept";
  EXPECT_TRUE(first.events.empty()) << "but it is no transition";
  EXPECT_EQ(due(kJob), std::nullopt);
  EXPECT_EQ(watch.next(kJob, now).wake, now.mono + seconds(1));
  pass(seconds(1));
  EXPECT_FALSE(status(kRunning).record) << "nothing has changed";
  pass(seconds(1));
  const Wall shown = now.wall - seconds(1);
  const auto over = status(kFinished);
  ASSERT_EQ(over.events.size(), 1u);
  EXPECT_EQ(over.events[0].name, "distribution_transition");
  EXPECT_EQ(over.events[0].level, Level::kInfo);
  EXPECT_EQ(*field(over.events[0], "from"), FieldValue("RUNNING"));
  EXPECT_EQ(*field(over.events[0], "to"), FieldValue("FINISHED"));
  EXPECT_EQ(*field(over.events[0], "not_before"), FieldValue(rfc3339(shown)));
  EXPECT_EQ(due(kDetail), "d1");
  EXPECT_GE(watch.next(kJob, now).wake, now.mono + minutes(10));
  ASSERT_TRUE(file("https://x/y?Signature=s"));
  EXPECT_EQ(due(kDetail), std::nullopt) << "it is being fetched";
  const auto read = watch.fetched("d1", result(2, 1), now);
  ASSERT_EQ(read.events.size(), 1u);
  EXPECT_EQ(read.events[0].name, "distribution_result");
  EXPECT_EQ(read.events[0].level, Level::kWarn);
  EXPECT_EQ(*field(read.events[0], "failed_devices"), FieldValue(StringList{"pk/dev0 6401"}));
  pass(minutes(60));
  EXPECT_EQ(due(kDetail), std::nullopt) << "read once";
}

TEST_F(DistributionWatchTest, AnAbortedOneIsAWarningAndAUnknownNumberIsKeptAsText) {
  open();
  status(kRunning);
  const auto strange = status(kUnknown);
  ASSERT_EQ(strange.events.size(), 1u);
  EXPECT_EQ(*field(strange.events[0], "status_text"), FieldValue("7"));
  EXPECT_EQ(due(kDetail), std::nullopt) << "not known to be over";
  const auto aborted = status(kAborted);
  ASSERT_EQ(aborted.events.size(), 1u);
  EXPECT_EQ(aborted.events[0].level, Level::kWarn);
}

TEST_F(DistributionWatchTest, AnExpiredLinkIsRequestedAgainAtOnceOtherFailuresBackOff) {
  open();
  status(kFinished);
  file("https://x/y");
  EXPECT_TRUE(watch.not_fetched("d1", true, "expired", now).events.empty());
  EXPECT_EQ(due(kDetail), "d1");
  Duration longest{};
  std::size_t logged = 0;
  for (int i = 0; i < 20; ++i) {
    file("https://x/y");
    logged += watch.not_fetched("d1", false, "host x is not allowed", now).events.size();
    const Duration pause = watch.next(kDetail, now).wake - now.mono;
    EXPECT_GE(pause, longest);
    longest = pause;
    pass(pause);
    ASSERT_EQ(due(kDetail), "d1");
  }
  EXPECT_EQ(logged, 1u) << "the change, not the repetition";
  EXPECT_EQ(longest, Duration(minutes(10)));
}

TEST_F(DistributionWatchTest, WithoutAStatusTheFileIsRequestedOncePerMinute) {
  watch.set_status_usable(false, now);
  open();
  EXPECT_EQ(due(kDetail), "d1");
  EXPECT_FALSE(file(""));
  EXPECT_EQ(watch.next(kDetail, now).wake, now.mono + minutes(1));
  pass(minutes(1));
  ASSERT_TRUE(file("https://x/y"));
  const auto read = watch.fetched("d1", result(3, 0), now);
  EXPECT_EQ(read.events[0].level, Level::kInfo);
  EXPECT_TRUE(read.record->ended);
  EXPECT_EQ(read.record->last.status, kUnknown) << "never guessed";
}

TEST_F(DistributionWatchTest, GoesOnFromWhatIsStored) {
  open();
  status(kRunning);
  const DistributionRecord stored = *status(kFinished).record;
  DistributionWatch later("prod");
  later.configure({"d1", "d2"}, {stored}, seconds(1), now);
  EXPECT_EQ(later.next(kDetail, now).id, "d1") << "its file was never read";
  EXPECT_TRUE(later.seen("d1"));
  EXPECT_FALSE(later.seen("d2"));
  DistributionReply same = stored.last;
  EXPECT_TRUE(later.status(same, 1, now).events.empty()) << "reported by an earlier process";
  later.configure({"d2"}, {}, seconds(1), now);
  EXPECT_FALSE(later.watches("d1"));
}

TEST_F(DistributionWatchTest, AFileOfAnUnknownFormIsAWarningWithoutNumbers) {
  open();
  status(kFinished);
  file("https://x/y");
  DistributionResult strange;
  strange.problem = "neither JSON nor CSV\x1b[2J";
  const auto read = watch.fetched("d1", strange, now);
  EXPECT_EQ(read.events[0].level, Level::kWarn);
  EXPECT_EQ(*field(read.events[0], "result"), FieldValue("unknown"));
  EXPECT_EQ(*field(read.events[0], "problem"), FieldValue("neither JSON nor CSV\x1b[2J"));
  EXPECT_THAT(read.events[0].msg,
              testing::HasSubstr("cannot read the result file: neither JSON nor CSV"));
}

TEST_F(DistributionWatchTest, ARefusedFileIsTriedAgainEachHourThreeTimesThenAtAReload) {
  open();
  status(kFinished);
  EXPECT_EQ(refuse("odd").events.size(), 1u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(watch.next(kDetail, now).wake, now.mono + minutes(60));
    pass(minutes(59));
    EXPECT_EQ(due(kDetail), std::nullopt);
    pass(minutes(1));
    const auto again = refuse("odd");
    EXPECT_TRUE(again.record);
    EXPECT_TRUE(again.events.empty()) << "the change, not the repetition";
  }
  pass(minutes(600));
  EXPECT_EQ(due(kDetail), std::nullopt);
  const DistributionRecord stored = *watch.records().front();
  open();  // a reload
  EXPECT_EQ(refuse("otherwise odd").events.size(), 1u);
  EXPECT_EQ(watch.next(kDetail, now).wake, now.mono + minutes(60));
  pass(minutes(60));
  ASSERT_TRUE(file("https://x/y"));
  const auto good = watch.fetched("d1", result(3, 0), now);
  EXPECT_EQ(*field(good.events.at(0), "result"), FieldValue("read"));
  EXPECT_EQ(good.record->refusals, 0u);
  pass(minutes(600));
  EXPECT_EQ(due(kDetail), std::nullopt);
  // A start does not retry as a reload does. Otherwise a file that crashes the daemon would do so
  // at each start.
  DistributionWatch later("prod");
  later.configure({"d1"}, {stored}, seconds(1), now);
  EXPECT_EQ(later.next(kDetail, now).wake, Mono::max());
}

TEST_F(DistributionWatchTest, AnHourIsAnHourAcrossRestartsAndClockChanges) {
  open();
  status(kFinished);
  DistributionRecord stored = *refuse("odd").record;
  pass(minutes(20));
  DistributionWatch later("prod");
  later.configure({"d1"}, {stored}, seconds(1), now);
  EXPECT_EQ(later.next(kDetail, now).wake, now.mono + minutes(40));
  stored.result_read = now.wall + std::chrono::hours(9'000);
  DistributionWatch odd("prod");
  odd.configure({"d1"}, {stored}, seconds(1), now);
  EXPECT_EQ(odd.next(kDetail, now).wake, now.mono + minutes(60));
}

TEST_F(DistributionWatchTest, AFetchThatACrashInterruptedIsReportedAndNotRepeatedAtEachStart) {
  open();
  status(kFinished);
  DistributionRecord stored = file("https://x/y")->record;
  EXPECT_EQ(stored.fetch_begun, now.wall);
  for (std::uint32_t crash = 1; crash <= 4; ++crash) {
    DistributionWatch later("prod");
    later.configure({"d1"}, {stored}, seconds(1), now);
    const auto updates = later.interrupted(now);
    ASSERT_EQ(updates.size(), 1u);
    EXPECT_EQ(updates[0].record->refusals, crash);
    EXPECT_FALSE(updates[0].record->fetch_begun);
    ASSERT_EQ(updates[0].events.size(), 1u);
    EXPECT_EQ(*field(updates[0].events[0], "problem"),
              FieldValue("the daemon stopped while the file was being downloaded or read"));
    EXPECT_TRUE(later.interrupted(now).empty()) << "once";
    EXPECT_EQ(later.next(kDetail, now).wake, crash < 4 ? now.mono + minutes(60) : Mono::max());
    if (crash == 4) break;
    pass(minutes(60));
    ASSERT_EQ(later.next(kDetail, now).id, "d1");
    later.asked(kDetail, "d1", 1, now);
    stored = later.file("d1", DistributionFile{Secret("https://x/y")}, 1, now)->record;
  }
}

TEST_F(DistributionWatchTest, AFetchUnderWayAtAnOrderlyStopIsNoCrash) {
  open();
  status(kFinished);
  file("https://x/y");
  const auto unbegun = watch.unbegin();
  ASSERT_EQ(unbegun.size(), 1u);
  EXPECT_FALSE(unbegun[0].fetch_begun);
  EXPECT_TRUE(watch.interrupted(now).empty()) << "it is under way";
}

// The completion of such a fetch is ignored, whether it comes before or during the reload that adds
// the distribution again.
TEST_F(DistributionWatchTest, AFetchWhoseDistributionWasDroppedMeanwhileIsNoCrash) {
  open();
  status(kFinished);
  file("https://x/y");
  const auto dropped = watch.configure({}, {}, seconds(1), now);
  ASSERT_EQ(dropped.size(), 1u);
  EXPECT_FALSE(dropped[0].fetch_begun);
  EXPECT_TRUE(watch.configure({"d1"}, dropped, seconds(1), now).empty());
  EXPECT_TRUE(watch.interrupted(now).empty());
  EXPECT_EQ(due(kDetail), "d1");
  EXPECT_FALSE(watch.is_fetching("d1", now.wall));
  const Wall first = now.wall;
  pass(seconds(1));
  file("https://x/y");
  EXPECT_FALSE(watch.is_fetching("d1", first)) << "nobody waits for the end of the first";
  EXPECT_TRUE(watch.is_fetching("d1", now.wall));
}

TEST_F(DistributionWatchTest, AnUnansweredCallBarsTheNextForTwoSeconds) {
  open();
  watch.asked(kJob, "d1", 1, now);
  EXPECT_EQ(watch.next(kJob, now).wake, now.mono + seconds(2));
  pass(seconds(2));
  ASSERT_EQ(due(kJob), "d1");
  watch.asked(kJob, "d1", 2, now);
  EXPECT_EQ(watch.status(reply(kFinished), 2, now).events.size(), 0u) << "the first sight";
  EXPECT_FALSE(watch.status(reply(kRunning), 1, now).record) << "it was overtaken";
  EXPECT_EQ(watch.records().front()->last.status, kFinished);

  watch.asked(kDetail, "d1", 3, now);
  pass(seconds(2));
  ASSERT_EQ(due(kDetail), "d1");
  watch.asked(kDetail, "d1", 4, now);
  EXPECT_TRUE(watch.file("d1", DistributionFile{Secret("https://x/y")}, 3, now));
  EXPECT_FALSE(watch.file("d1", DistributionFile{Secret("https://x/z")}, 4, now)) << "one fetch";
  EXPECT_EQ(due(kDetail), std::nullopt);
  watch.fetched("d1", result(3, 0), now);
  EXPECT_EQ(due(kDetail), std::nullopt);
}

// Otherwise each of them would use up one of the hourly retries.
TEST_F(DistributionWatchTest, LateLinksOfCallsFromBeforeAFetchStartNone) {
  open();
  status(kFinished);
  for (std::uint64_t one = 11; one <= 13; ++one) {
    watch.asked(kDetail, "d1", one, now);
    pass(seconds(2));
  }
  ASSERT_TRUE(watch.file("d1", DistributionFile{Secret("https://x/y")}, 11, now));
  DistributionResult strange;
  strange.problem = "odd";
  EXPECT_EQ(watch.fetched("d1", strange, now).record->refusals, 1u);
  EXPECT_FALSE(watch.file("d1", DistributionFile{Secret("https://x/y")}, 12, now));
  EXPECT_FALSE(watch.file("d1", DistributionFile{}, 13, now));
  EXPECT_EQ(watch.next(kDetail, now).wake, now.mono + minutes(60));
}

TEST_F(DistributionWatchTest, AFailedCallIsMadeAgainWhenTheRetryIsDue) {
  open();
  watch.asked(kJob, "d1", 1, now);
  watch.failed(kJob, "d1", 1, now.mono + seconds(8));
  EXPECT_EQ(watch.next(kJob, now).wake, now.mono + seconds(8));
  pass(seconds(8));
  status(kRunning);
  EXPECT_EQ(watch.next(kJob, now).wake, now.mono + seconds(1));
}

TEST_F(DistributionWatchTest, AFileThatItselfFailsIsAsOneThatIsNotUnderstood) {
  open();
  status(kFinished);
  ASSERT_TRUE(file("https://x/y"));
  const auto update = watch.refused("d1", "larger than it may be", now);
  EXPECT_EQ(update.events.at(0).name, "distribution_result");
  EXPECT_EQ(*field(update.events[0], "problem"), FieldValue("larger than it may be"));
  EXPECT_EQ(watch.next(kDetail, now).wake, now.mono + minutes(60));
  ASSERT_TRUE(update.record->result);
  EXPECT_FALSE(update.record->result->understood);
}

TEST(DistributionJson, ReadsWhatItWrites) {
  DistributionResult result;
  result.format = ResultFormat::kXlsx;
  result.understood = true;
  result.ok = 5;
  result.failed = 2;
  result.unknown = 1;
  result.bytes = 1'234'567'890'123;
  result.problem = "a \"quoted\"\nline";
  result.codes = {{"200", 5}, {"6401", 2}, {"", 1}};
  result.failed_devices = {{"pk", "dev,1", "6401", "m\xc3\xa4"}, {"", "b\"", "9", ""}};
  const auto read = result_from_json(to_json(result));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->format, result.format);
  EXPECT_EQ(read->understood, result.understood);
  EXPECT_EQ(read->codes, result.codes);
  EXPECT_EQ(read->bytes, result.bytes);
  EXPECT_EQ(read->unknown, 1u);
  EXPECT_EQ(read->failed_devices, result.failed_devices);
  EXPECT_FALSE(result_from_json("{}"));
  EXPECT_FALSE(result_from_json(""));
  EXPECT_FALSE(result_from_json("[1]"));
}

TEST_F(DistributionWatchTest, AFileThatIsFetchedTwiceIsReportedOnce) {
  open();
  status(kFinished);
  ASSERT_TRUE(file("https://one"));
  const Wall first = now.wall;
  const auto dropped = watch.configure({}, {}, seconds(1), now);  // the fetch goes on
  open({"d1"}, dropped);                                          // a reload adds it again
  pass(seconds(1));
  EXPECT_EQ(due(kDetail), "d1");
  ASSERT_TRUE(file("https://two"));
  ASSERT_FALSE(watch.is_fetching("d1", first)) << "its end is ignored";
  ASSERT_TRUE(watch.is_fetching("d1", now.wall));
  EXPECT_EQ(watch.fetched("d1", result(2, 1), now).events.size(), 1u);
  EXPECT_FALSE(watch.is_fetching("d1", now.wall)) << "each ends once";
  EXPECT_EQ(due(kDetail), std::nullopt);
  EXPECT_FALSE(file("https://three")) << "asked meanwhile";
}

}  // namespace
}  // namespace taskwatchd
