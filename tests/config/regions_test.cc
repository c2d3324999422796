#include "config/regions.h"

#include <gmock/gmock.h>

#include "parse_text.h"

namespace taskwatchd {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> warnings(const std::string& instance) {
  return region_warnings(parsed("accounts: [{name: a, instances: [{" + instance + "}]}]"));
}

TEST(Regions, DocumentedOnesAreSilent) {
  EXPECT_THAT(warnings("region: cn-shanghai, jobs: [J]"), IsEmpty()) << "the public instance";
  for (const char* region :
       {"ap-southeast-1", "us-east-1", "us-west-1", "eu-central-1", "cn-beijing", "cn-shenzhen"}) {
    EXPECT_THAT(warnings(std::string("id: iot-1, discover_jobs: true, region: ") + region),
                IsEmpty())
        << region;
  }
  EXPECT_THAT(warnings("region: ap-northeast-1, id: iot-1, tasks: [T]"), IsEmpty());
}

TEST(Regions, UnknownOnesMayBeMisspelt) {
  EXPECT_THAT(warnings("region: cn-shangai, id: iot-1"),
              ElementsAre(AllOf(HasSubstr("instance `iot-1`"), HasSubstr("no region `cn-shangai`"),
                                HasSubstr("`cn-shanghai`"))));
}

TEST(Regions, JobsAreNotDocumentedEverywhere) {
  EXPECT_THAT(warnings("region: ap-northeast-1, id: iot-1, jobs: [J]"),
              ElementsAre(HasSubstr("device jobs are not documented for `ap-northeast-1`")));
  EXPECT_THAT(warnings("region: ap-northeast-1, id: iot-1, discover_jobs: true"),
              ElementsAre(HasSubstr("device jobs are not documented")));
  EXPECT_THAT(warnings("region: eu-central-1, tasks: [T]"), ElementsAre(HasSubstr("set `id`")));
}

}  // namespace
}  // namespace taskwatchd
