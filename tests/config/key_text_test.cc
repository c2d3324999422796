#include "config/key_text.h"

#include <gtest/gtest.h>

#include <string>

namespace taskwatchd {
namespace {

TEST(KeyText, LosesTheBlanksAroundIt) {
  EXPECT_EQ(clean_key_text("key\n").value.reveal(), "key");
  EXPECT_EQ(clean_key_text(" \tkey\r\n\n").value.reveal(), "key");
  EXPECT_EQ(clean_key_text("CAIS+/=tok~*").value.reveal(), "CAIS+/=tok~*");
  EXPECT_EQ(clean_key_text(std::string(kMaxKeyBytes, 'x')).value.reveal().size(), kMaxKeyBytes);
}

TEST(KeyText, IsRefusedWithTheMendAndWithoutTheSecret) {
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
