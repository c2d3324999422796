#include "notify/delivery_window.h"

#include <gmock/gmock.h>

namespace taskwatchd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Event event(std::uint64_t id, const std::string& task) {
  Event made;
  made.id = id;
  made.fields = {{"account", "prod"}, {"job_id", "j1"}, {"task_id", task}};
  return made;
}

std::uint64_t id_of(const Event* event) {
  return event == nullptr ? 0 : event->id;
}

std::vector<std::uint64_t> ids_of(const std::vector<const Event*>& events) {
  std::vector<std::uint64_t> ids;
  for (const Event* one : events) ids.push_back(one->id);
  return ids;
}

TEST(DeliveryWindow, EventsOfOneSubjectWaitForEachOther) {
  DeliveryWindow window(10);
  window.add({event(11, "t1"), event(12, "t1"), event(14, "t2")}, 15);
  EXPECT_EQ(id_of(window.next()), 11u);
  EXPECT_EQ(id_of(window.next()), 14u);
  EXPECT_EQ(id_of(window.next()), 0u) << "12 waits for 11";
  window.finish(14);
  EXPECT_EQ(id_of(window.next()), 0u);
  window.finish(11);
  EXPECT_EQ(id_of(window.next()), 12u);
}

TEST(DeliveryWindow, AnEventThatWasNotTakenIsOfferedBeforeNewerOnesOfItsSubject) {
  DeliveryWindow window(0);
  window.add({event(1, "t1"), event(2, "t1")}, 2);
  EXPECT_EQ(id_of(window.next()), 1u);
  window.put_back(1);
  EXPECT_EQ(window.in_flight(), 0u);
  EXPECT_EQ(id_of(window.next()), 1u);
  window.finish(1);
  EXPECT_EQ(id_of(window.next()), 2u);
}

TEST(DeliveryWindow, TheCursorStopsBelowTheOldestUnfinishedEvent) {
  DeliveryWindow window(10);
  EXPECT_EQ(window.cursor(), 10u);
  window.add({event(12, "t1"), event(17, "t2")}, 20);
  EXPECT_EQ(window.cursor(), 11u);
  window.next();
  window.next();
  window.finish(17);
  EXPECT_EQ(window.cursor(), 11u) << "12 would be lost by a crash";
  window.finish(12);
  EXPECT_EQ(window.cursor(), 20u);
  EXPECT_EQ(window.in_flight(), 0u);
  window.add({}, 30);
  EXPECT_EQ(window.cursor(), 30u) << "nothing of it was for this sink";
}

TEST(DeliveryWindow, ABatchIsInOrderAndAlone) {
  DeliveryWindow window(0);
  window.add({event(1, "t1"), event(2, "t1"), event(3, "t2")}, 3);
  EXPECT_THAT(ids_of(window.next_batch(2)), ElementsAre(1, 2));
  EXPECT_THAT(ids_of(window.next_batch(2)), IsEmpty());
  window.put_back(1);
  window.put_back(2);
  EXPECT_THAT(ids_of(window.next_batch(100)), ElementsAre(1, 2, 3));
}

TEST(DeliveryWindow, FinishingTwiceChangesNothing) {
  DeliveryWindow window(0);
  window.add({event(1, "t1"), event(2, "t2")}, 2);
  window.next();
  window.next();
  window.finish(1);
  window.finish(1);
  window.put_back(1);
  EXPECT_EQ(window.in_flight(), 1u);
}

TEST(DeliveryWindow, ASubjectIsATaskAJobADistributionOrTheAccount) {
  Event made;
  made.fields = {{"account", "prod"}};
  EXPECT_EQ(subject_of(made), "prod");
  made.add("job_id", "x");
  EXPECT_EQ(subject_of(made), "prod/job_id/x");
  made.add("task_id", "x");
  EXPECT_EQ(subject_of(made), "prod/task_id/x");
}

}  // namespace
}  // namespace taskwatchd
