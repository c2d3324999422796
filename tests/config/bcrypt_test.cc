// Which texts are bcrypt hashes, and the form in which crypt(3) gets them.
#include "config/bcrypt.h"

#include <gmock/gmock.h>

namespace taskwatchd {
namespace {

using testing::HasSubstr;

const std::string kText = "abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234";
const std::string kHash = "$2b$10$" + kText;

TEST(Bcrypt, TakesAllKindsAndCostsOfGo) {
  for (const char* kind : {"$2a$", "$2b$", "$2y$", "$2x$", "$2$"}) {
    for (const char* cost : {"04", "10", "14", "18", "31"}) {
      const std::string hash = kind + std::string(cost) + "$" + kText;
      EXPECT_EQ(bcrypt_problem(hash), "") << hash;
      EXPECT_EQ(bcrypt_cost(hash), std::stoi(cost)) << hash;
      EXPECT_EQ(bcrypt_for_crypt(hash), "$2b$" + std::string(cost) + "$" + kText) << hash;
    }
  }
  EXPECT_EQ(bcrypt_problem(bcrypt_of_nobody(12)), "");
  EXPECT_EQ(bcrypt_cost(bcrypt_of_nobody(7)), 7);
  EXPECT_EQ(bcrypt_for_crypt(bcrypt_of_nobody(7)), bcrypt_of_nobody(7));
}

TEST(Bcrypt, RefusesWhatCryptWouldTakeForAnother) {
  for (const std::string& hash :
       {std::string(), std::string("junk"), std::string("juArAPdrxLmXg"), std::string("$1$a$b"),
        std::string("$5$salt$hash"), "$5$" + kHash, std::string("$2y$10$"),
        kHash.substr(0, kHash.size() - 2), "$2y$1a$" + kText, "$2yy$10$" + kText, " " + kHash}) {
    EXPECT_THAT(bcrypt_problem(hash), HasSubstr("must be a bcrypt hash")) << hash;
  }
  EXPECT_THAT(bcrypt_problem("$2y$32$" + kText), HasSubstr("has a cost of 32"));
  EXPECT_THAT(bcrypt_problem("$2y$03$" + kText), HasSubstr("must be 4 to 31"));
}

TEST(Bcrypt, ReadsNothingBehindTheHash) {
  for (const char* more : {"a", "\n", "$2b$"}) {
    EXPECT_EQ(bcrypt_problem(kHash + more), "");
    EXPECT_EQ(bcrypt_for_crypt(kHash + more), kHash);
  }
}

TEST(Bcrypt, AHashWithOtherCharactersMatchesNoPassword) {
  for (const std::string& hash :
       {"$2y$10$" + std::string(53, '*'), kHash.substr(0, 59), kHash.substr(0, 59) + "="}) {
    EXPECT_EQ(bcrypt_problem(hash), "") << hash;
    EXPECT_FALSE(has_bcrypt_text(hash)) << hash;
    EXPECT_EQ(bcrypt_for_crypt(hash), bcrypt_of_nobody(10)) << hash;
  }
  EXPECT_TRUE(has_bcrypt_text(kHash));
}

TEST(Bcrypt, OnlyTwoBitsOfTheSaltsLastLetterCount) {
  std::string hash = kHash;
  hash[28] = 'v';  // crypt(3) returns u here
  EXPECT_EQ(bcrypt_for_crypt(hash), kHash);
}

}  // namespace
}  // namespace taskwatchd
