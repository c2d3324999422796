#include "fakes/memory_store.h"

#include "store_contract.h"

namespace taskwatchd {
namespace {

class MemoryWorld {
 public:
  Store& store() { return store_; }
  void reopen() {}
  boost::asio::io_context& context() { return context_; }

 private:
  boost::asio::io_context context_;
  MemoryStore store_;
};
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StoreContract, MemoryWorld);

Commit one_event() {
  return {.events = {make_event("prod", "t1")}};
}

TEST(MemoryStore, FailsAsOftenAsRequested) {
  boost::asio::io_context context;
  MemoryStore store;
  store.fail_next(2, {StoreError::Kind::kBroken, "on order"});
  for (int i = 0; i < 2; ++i) {
    const auto result = wait(context, store.commit(one_event()));
    ASSERT_TRUE(std::holds_alternative<StoreError>(result));
    EXPECT_EQ(std::get<StoreError>(result).kind, StoreError::Kind::kBroken);
  }
  EXPECT_TRUE(store.events().empty());
  const auto result = wait(context, store.commit(one_event()));
  EXPECT_TRUE(std::holds_alternative<Committed>(result));
  EXPECT_EQ(store.events().size(), 1u);
}

// Starts a commit and runs the loop until it is idle. `done` counts the results.
void start(boost::asio::io_context& context, MemoryStore& store, int& done) {
  const auto count = [&done](std::exception_ptr, std::variant<Committed, StoreError>) { ++done; };
  boost::asio::co_spawn(context, store.commit(one_event()), count);
  context.restart();
  context.poll();
}

TEST(MemoryStore, HoldsBeforeTheEffect) {
  boost::asio::io_context context;
  MemoryStore store;
  int done = 0;
  store.hold(MemoryStore::Hold::kBefore);
  start(context, store, done);
  start(context, store, done);
  EXPECT_EQ(store.held(), 2u);
  EXPECT_EQ(store.commits(), 0u);
  store.release();
  context.poll();
  EXPECT_EQ(done, 1);
  EXPECT_EQ(store.commits(), 1u);
  store.hold(MemoryStore::Hold::kNone);
  start(context, store, done);
  EXPECT_EQ(done, 1) << "a later call must not overtake the held one";
  store.release(9);
  context.poll();
  EXPECT_EQ(done, 3);
  EXPECT_EQ(store.commits(), 3u);
}

TEST(MemoryStore, HoldsTheAnswerOnly) {
  boost::asio::io_context context;
  MemoryStore store;
  int done = 0;
  store.hold(MemoryStore::Hold::kAfter);
  start(context, store, done);
  EXPECT_EQ(store.commits(), 1u);
  EXPECT_EQ(done, 0);
  store.release();
  context.poll();
  EXPECT_EQ(done, 1);
}

TEST(MemoryStore, ACrashForgetsHeldCallsButNotWhatIsStored) {
  MemoryStore store;
  int done = 0;
  {
    boost::asio::io_context context;
    start(context, store, done);
    store.hold(MemoryStore::Hold::kBefore);
    start(context, store, done);
  }
  store.forget_held();
  store.hold(MemoryStore::Hold::kNone);
  EXPECT_EQ(done, 1);
  EXPECT_EQ(store.events().size(), 1u);
}

}  // namespace
}  // namespace taskwatchd
