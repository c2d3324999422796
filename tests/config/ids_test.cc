#include "config/ids.h"

#include <gtest/gtest.h>

#include <string>

#include "config/parse.h"

namespace taskwatchd {
namespace {

TEST(Ids, AreOneTo128PrintableAsciiBytes) {
  EXPECT_TRUE(is_valid_id("MSnT9aaaaaaaaaaaaq010101"));
  EXPECT_TRUE(is_valid_id("!$%&'()*+,-./:;<=>?@[]^_`{|}~"));
  EXPECT_TRUE(is_valid_id(std::string(128, 'x')));
  EXPECT_FALSE(is_valid_id(std::string(129, 'x')));
  EXPECT_FALSE(is_valid_id(""));
}

TEST(Ids, HoldNoneOfTheBytesThatFilesAndLogsNeed) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool allowed = byte > 0x20 && byte < 0x7F && c != '"' && c != '\\' && c != '#';
    EXPECT_EQ(is_valid_id(std::string("a") + c + "b"), allowed) << byte;
  }
}

TEST(Names, OfAccounts) {
  EXPECT_TRUE(is_account_name("prod"));
  EXPECT_TRUE(is_account_name("1234567890123456"));
  EXPECT_TRUE(is_account_name("Prod_eu-1"));
  EXPECT_TRUE(is_account_name(std::string(64, 'a')));
  EXPECT_FALSE(is_account_name(std::string(65, 'a')));
  for (const char* bad : {"", "a b", "a.b", "a/b", "\xC3\xA9", "a\n"}) {
    EXPECT_FALSE(is_account_name(bad)) << bad;
  }
}

TEST(Names, OfRegionsFitIntoAHostName) {
  EXPECT_TRUE(is_region("cn-shanghai"));
  EXPECT_TRUE(is_region("ap-southeast-1"));
  EXPECT_TRUE(is_region("no-such-region-yet"));
  for (const char* bad : {"", "CN", "cn_shanghai", "-cn", "cn-", "cn.evil.com", "cn/x", "cn:1"}) {
    EXPECT_FALSE(is_region(bad)) << bad;
  }
  EXPECT_FALSE(is_region(std::string(64, 'a')));
}

TEST(Names, OfLabelsArePrometheusOnes) {
  for (const char* good : {"team", "_x", "A9", "owner_group"}) EXPECT_TRUE(is_label_name(good));
  for (const char* bad : {"", "9x", "__name__", "a-b", "a.b", "a b", "t\xC3\xA9"}) {
    EXPECT_FALSE(is_label_name(bad)) << bad;
  }
  for (const char* own : {"account", "iot_instance", "job_id", "task_id", "status", "job_name",
                          "product_key", "device_name", "job_type", "instance", "job", "le"}) {
    EXPECT_TRUE(is_own_label(own)) << own;
  }
  EXPECT_FALSE(is_own_label("team"));
}

}  // namespace
}  // namespace taskwatchd
