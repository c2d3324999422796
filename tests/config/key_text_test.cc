#include "config/key_text.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace taskwatchd {
namespace {

TEST(KeyText, LosesTheBlanksAroundIt) {
  EXPECT_EQ(clean_key_text("key\n").value.reveal(), "key");
  EXPECT_EQ(clean_key_text(" \tkey\r\n\n").value.reveal(), "key");
  EXPECT_EQ(clean_key_text("CAIS+/=tok~*").value.reveal(), "CAIS+/=tok~*");
  EXPECT_EQ(clean_key_text(std::string(kMaxKeyBytes, 'x')).value.reveal().size(), kMaxKeyBytes);
}

TEST(KeyText, LosesWhatEditorsAndCopiesPutAroundIt) {
  EXPECT_EQ(clean_key_text("\"LTAI5tExampleKeyId\"\n").value.reveal(), "LTAI5tExampleKeyId");
  EXPECT_EQ(clean_key_text("'key'").value.reveal(), "key");
  EXPECT_EQ(clean_key_text("\xEF\xBB\xBFkey\r\n").value.reveal(), "key");
  EXPECT_EQ(clean_key_text("\xEF\xBB\xBF\"key\"").value.reveal(), "key");
  EXPECT_EQ(clean_key_text("\"key").value.reveal(), "\"key") << "one quote is part of it";
  EXPECT_NE(clean_key_text("\"\"").problem.find("is empty"), std::string::npos);
}

TEST(KeyText, NamesWhatIsNotSeen) {
  for (const auto& [bytes, problem] : std::vector<std::pair<std::string, std::string>>{
           {std::string("\xFF\xFEk\0e\0y\0", 8), "is UTF-16; save it as UTF-8"},
           {std::string("\xFE\xFF\0k", 4), "is UTF-16"},
           {std::string("k\0e\0y\0", 6), "is UTF-16"},
           {"canary\xC2\xA0\n", "contains `\\u00a0`, a no-break space"},
           {"canary\xE2\x80\x8B", "contains `\\u200b`, a zero-width space"},
           {"\xE2\x80\x9C"
            "canary\xE2\x80\x9D",
            "contains `\\u201c`, a curly quote"},
           {"canary\xEF\xBC\x9D", "contains `\\uff1d`, a full-width `=`"}}) {
    const KeyText text = clean_key_text(bytes);
    EXPECT_TRUE(text.value.empty());
    EXPECT_NE(text.problem.find(problem), std::string::npos) << text.problem;
    EXPECT_EQ(text.problem.find("canary"), std::string::npos);
  }
}

TEST(KeyText, ATokenBelongsToAnIdOfSts) {
  EXPECT_TRUE(is_temporary_id("STS.Example"));
  EXPECT_FALSE(is_temporary_id("LTAI5tExampleKeyId"));
  EXPECT_FALSE(is_temporary_id("STS"));
}

TEST(KeyText, IsRefusedWithTheFixAndWithoutTheSecret) {
  const std::string too_long(kMaxKeyBytes + 1, 'x');
  const std::string with_zero("canary\0canary", 13);
  for (const std::string& bad :
       {std::string(), std::string(" \n"), too_long, std::string("canary canary"),
        std::string("canary\ncanary"), with_zero, std::string("canary\x7F"),
        std::string("canary\xC3\xA9")}) {
    const KeyText text = clean_key_text(bad);
    EXPECT_TRUE(text.value.empty()) << bad;
    EXPECT_NE(text.problem.find("the value"), std::string::npos) << text.problem;
    EXPECT_EQ(text.problem.find("canary"), std::string::npos);
  }
}

}  // namespace
}  // namespace taskwatchd
