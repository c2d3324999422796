// What is shown of the leases and of other replicas, whose rows come from the database.
#include "app/replication_status.h"

#include <gmock/gmock.h>

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

Replica replica(std::string holder, std::string name, std::string url) {
  Replica one;
  one.holder = std::move(holder);
  one.name = std::move(name);
  one.url = std::move(url);
  return one;
}

class ReplicationStatusTest : public testing::Test {
 protected:
  ReplicationStatusTest() { book.configure({"a", "b", "c"}); }
  // This replica holds a, the other one b; nobody has held c.
  void read(Duration at) {
    table.leases = {{"a", "me", 4, beat, 0}, {"b", "other", 2, beat, 0}};
    book.read(table, Mono(at), Mono(at), true);
    ++beat;
    for (Replica& one : table.replicas) ++one.beat;
  }
  ReplicationStatus status(Duration at) { return replication_status(book, Mono(at)); }

  LeaseBook book{"me"};
  LeaseTable table{{},
                   {replica("other", "two", "https://two.example/iot"),
                    replica("me", "one", "http://127.0.0.1:10120")}};
  std::int64_t beat = 1;
};

TEST_F(ReplicationStatusTest, ReportsTheHolderOfEachAccount) {
  read(seconds(1));
  const ReplicationStatus now = status(seconds(2));
  ASSERT_EQ(now.leases.size(), 3u);
  EXPECT_EQ(now.leases[0].account, "a");
  EXPECT_TRUE(now.leases[0].held);
  EXPECT_FALSE(now.leases[0].elsewhere);
  EXPECT_EQ(now.leases[0].epoch, 4);
  EXPECT_EQ(now.leases[0].holder, "");
  EXPECT_FALSE(now.leases[1].held);
  EXPECT_TRUE(now.leases[1].elsewhere);
  EXPECT_EQ(now.leases[1].epoch, 2);
  EXPECT_EQ(now.leases[1].holder, "two");
  EXPECT_EQ(now.leases[1].holder_url, "https://two.example/iot");
  EXPECT_EQ(now.leases[2].account, "c");
  EXPECT_FALSE(now.leases[2].held);
  EXPECT_FALSE(now.leases[2].elsewhere) << "nobody holds it";
  EXPECT_EQ(now.leases[2].epoch, 0);
}

TEST_F(ReplicationStatusTest, ALeaseThatHasEndedIsNotHeld) {
  read(seconds(1));
  EXPECT_TRUE(status(seconds(9) - milliseconds(1)).leases[0].held);
  EXPECT_FALSE(status(seconds(9)).leases[0].held);
  EXPECT_FALSE(status(seconds(9)).leases[0].elsewhere);
}

TEST_F(ReplicationStatusTest, ListsThoseThatLiveWithTheirAge) {
  EXPECT_THAT(status(seconds(0)).replicas, IsEmpty());
  read(seconds(1));
  read(seconds(4));
  const ReplicationStatus now = status(seconds(6));
  ASSERT_EQ(now.replicas.size(), 2u);
  EXPECT_EQ(now.replicas[0].name, "one");
  EXPECT_TRUE(now.replicas[0].self);
  EXPECT_THAT(now.replicas[0].accounts, ElementsAre("a"));
  EXPECT_EQ(now.replicas[0].age, seconds(2));
  EXPECT_EQ(now.replicas[1].name, "two");
  EXPECT_EQ(now.replicas[1].url, "https://two.example/iot");
  EXPECT_FALSE(now.replicas[1].self);
  EXPECT_THAT(now.replicas[1].accounts, ElementsAre("b"));
  EXPECT_EQ(status(seconds(14)).replicas.size(), 1u) << "the other's beat has stopped";
}

TEST_F(ReplicationStatusTest, CountsTheChangesOfTheHolder) {
  read(seconds(1));
  table.leases = {{"a", "other", 5, 9, 0}, {"b", "other", 2, 9, 0}};
  book.read(table, Mono(seconds(2)), Mono(seconds(2)), true);
  const ReplicationStatus now = status(seconds(2));
  EXPECT_EQ(now.leases[0].transitions, 1u);
  EXPECT_EQ(now.leases[0].epoch, 5);
  EXPECT_TRUE(now.leases[0].elsewhere);
  EXPECT_EQ(now.leases[1].transitions, 0u);
  EXPECT_THAT(now.replicas[1].accounts, ElementsAre("a", "b"));
}

TEST_F(ReplicationStatusTest, OtherUrlsThanHttpAreNotShown) {
  for (const char* url :
       {"", "javascript:alert(1)", "JavaScript://x.example/%0aalert(1)", "data:text/html,x",
        "ftp://two.example", "//two.example", "https://", "https://user:password@two.example",
        "https://two.example/?x=1", "https://two.example/\"><script>", "https://two.example/ x"}) {
    table.replicas[0].url = url;
    read(seconds(1));
    EXPECT_EQ(status(seconds(1)).leases[1].holder_url, "") << url;
    EXPECT_EQ(status(seconds(1)).replicas[1].url, "") << url;
    EXPECT_EQ(status(seconds(1)).replicas[1].name, "two") << url;
  }
  table.replicas[0].url = "https://two.example/" + std::string(5000, 'a');
  table.replicas[0].name = std::string(5000, 'n');
  read(seconds(1));
  EXPECT_EQ(status(seconds(1)).leases[1].holder_url, "");
  EXPECT_EQ(status(seconds(1)).leases[1].holder.size(), 255u);
}

TEST_F(ReplicationStatusTest, TheHoldersRowMayBeMissing) {
  table.replicas.clear();
  read(seconds(1));
  EXPECT_TRUE(status(seconds(1)).leases[1].elsewhere);
  EXPECT_EQ(status(seconds(1)).leases[1].holder, "");
}

}  // namespace
}  // namespace taskwatchd
