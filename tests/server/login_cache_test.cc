#include "server/login_cache.h"

#include <gtest/gtest.h>

#include <set>

namespace taskwatchd {
namespace {

const Secret kHash("$2y$hash");

TEST(LoginCache, RemembersBothKinds) {
  LoginCache cache("salt");
  const std::string good = cache.key("anna", kHash, Secret("right"));
  const std::string bad = cache.key("anna", kHash, Secret("wrong"));
  EXPECT_EQ(cache.find(good), std::nullopt);
  cache.keep(good, true);
  cache.keep(bad, false);
  EXPECT_EQ(cache.find(good), true);
  EXPECT_EQ(cache.find(bad), false);
  cache.clear();
  EXPECT_EQ(cache.find(good), std::nullopt);
  cache.keep(good, false);
  EXPECT_EQ(cache.find(good), false);
}

// CVE-2022-46146: different logins gave the same cache key, because their parts were only joined.
TEST(LoginCache, NoTwoLoginsShareAKey) {
  const LoginCache cache("salt");
  std::set<std::string> keys;
  const std::string pieces[] = {"", "a", "aa", ":", "1:", "1:a", "a1:", "4:", std::string(1, '\0')};
  std::size_t made = 0;
  for (const std::string& user : pieces) {
    for (const std::string& hash : pieces) {
      for (const std::string& password : pieces) {
        keys.insert(cache.key(user, Secret(hash), Secret(password)));
        ++made;
      }
    }
  }
  EXPECT_EQ(keys.size(), made);
}

TEST(LoginCache, AnotherHashOrAnotherSaltIsAnotherKey) {
  const LoginCache cache("salt");
  const std::string key = cache.key("anna", kHash, Secret("right"));
  EXPECT_NE(key, cache.key("anna", Secret("$2y$other"), Secret("right")));
  EXPECT_NE(key, LoginCache("pepper").key("anna", kHash, Secret("right")));
  EXPECT_EQ(key, LoginCache("salt").key("anna", kHash, Secret("right")));
}

TEST(LoginCache, GuessesDoNotPushOutWhoKnows) {
  LoginCache cache("salt");
  const std::string good = cache.key("anna", kHash, Secret("right"));
  cache.keep(good, true);
  for (int i = 0; i < 1000; ++i) {
    const std::string guess = cache.key("anna", kHash, Secret(std::to_string(i)));
    cache.keep(guess, false);
    cache.keep(guess, false);
    EXPECT_EQ(cache.find(guess), false);
  }
  EXPECT_EQ(cache.find(good), true);
  EXPECT_EQ(cache.find(cache.key("anna", kHash, Secret("0"))), std::nullopt) << "it is bounded";
  EXPECT_EQ(cache.find(cache.key("anna", kHash, Secret("900"))), false);
}

}  // namespace
}  // namespace taskwatchd
