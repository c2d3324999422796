#include "notify/chat_pace.h"

#include <gtest/gtest.h>

namespace taskwatchd {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(ChatPaces, TwoSinksWithOneUrlShareOneBudget) {
  ChatPaces paces;
  const auto first = paces.of("https://chat.example/a");
  const auto second = paces.of("https://chat.example/a");
  const auto other = paces.of("https://chat.example/b");
  first->on_request(Mono(seconds(10)), 20);
  EXPECT_EQ(second->next_at(), Mono(seconds(13)));
  EXPECT_LE(other->next_at(), Mono{});
}

TEST(ChatPaces, TheLowerLimitOfTwoSinksHoldsForBoth) {
  ChatPaces paces;
  const auto fast = paces.of("u");
  const auto slow = paces.of("u");
  slow->on_request(Mono(seconds(10)), 1);
  fast->on_request(Mono(seconds(11)), 60);
  EXPECT_EQ(fast->next_at(), Mono(seconds(70)));
  fast->on_request(Mono(seconds(70)), 0);
  EXPECT_EQ(slow->next_at(), Mono(seconds(70))) << "a sink without a limit waits for the other one";
}

TEST(ChatPaces, ABudgetThatNoSinkUsesIsForgotten) {
  ChatPaces paces;
  std::weak_ptr<ChatPace> before;
  {
    const auto used = paces.of("u");
    used->wait_until(Mono(minutes(60)));
    before = used;
    EXPECT_EQ(paces.of("u"), used);
  }
  EXPECT_TRUE(before.expired()) << "the map does not keep it";
  EXPECT_LE(paces.of("u")->next_at(), Mono{});
}

TEST(ChatPaces, ABudgetLivesWhileOneOfItsSinksDoes) {
  ChatPaces paces;
  auto first = paces.of("u");
  const auto second = paces.of("u");
  first->wait_until(Mono(minutes(60)));
  first.reset();
  const auto third = paces.of("u");
  EXPECT_EQ(third, second);
  EXPECT_EQ(third->next_at(), Mono(minutes(60)));
}

}  // namespace
}  // namespace taskwatchd
