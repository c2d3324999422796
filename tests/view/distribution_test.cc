// Distributions in the metrics, in the API's JSON and as a table.
#include <gmock/gmock.h>

#include "page_text.h"
#include "view/distribution_families.h"
#include "view/distribution_json.h"
#include "view_world.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using testing::HasSubstr;

PageText shown(const DistributionView& view) {
  DaemonStatus status;
  status.accounts.emplace_back();
  status.accounts[0].name = "prod";
  status.accounts[0].distributions = {view};
  const std::string text = written(
      [&](MetricsWriter& page) { write_distribution_families(status, hours(24), kStart, page); });
  PageText read = read_page(text);
  EXPECT_THAT(read.problems, testing::IsEmpty());
  return read;
}

TEST(DistributionFamilies, ShowTheStatusOneHotAndTheDevicesByResult) {
  const PageText read = shown(full_distribution("D1"));
  const std::string id = "{account=\"prod\",distribution_id=\"D1\"";
  EXPECT_EQ(read.at("aliyun_iot_distribution_status" + id + ",status=\"FINISHED\"}"), 1);
  EXPECT_EQ(read.at("aliyun_iot_distribution_status" + id + ",status=\"ABORTED\"}"), 0);
  EXPECT_EQ(read.at("aliyun_iot_distribution_devices" + id + ",result=\"ok\"}"), 7);
  EXPECT_EQ(read.at("aliyun_iot_distribution_devices" + id + ",result=\"failed\"}"), 2);
  EXPECT_EQ(read.at("aliyun_iot_distribution_devices" + id + ",result=\"unknown\"}"), 1);
  EXPECT_EQ(read.series.size(), 8u);
}

TEST(DistributionFamilies, NothingBeforeTheFirstReplyNorADayAfterTheEnd) {
  DistributionView view;
  view.distribution_id = "D1";
  EXPECT_TRUE(shown(view).series.empty());
  view = full_distribution("D1");
  view.ended = kStart - hours(24);
  EXPECT_TRUE(shown(view).series.empty());
  view.ended = kStart - hours(23);
  EXPECT_FALSE(shown(view).series.empty());
}

TEST(FailedDevicesCsv, QuotesAndDefusesWhatAFileHolds) {
  DistributionRecord record;
  EXPECT_EQ(failed_devices_csv(record), "\xef\xbb\xbfproduct_key,device_name,code,message\r\n");
  DistributionResult result;
  result.failed_devices = {{"pk", "a,\"b\"", "6401", "=cmd|calc"},
                           {"", "x\ny", "9", "-"},
                           {"a;b", "\uFF1Dx", "a=", "\uFF20"}};
  record.result = std::make_shared<const DistributionResult>(std::move(result));
  EXPECT_EQ(failed_devices_csv(record),
            "\xef\xbb\xbfproduct_key,device_name,code,message\r\n"
            "\"pk\",\"a,\"\"b\"\"\",\"6401\",\"'=cmd|calc\"\r\n"
            "\"\",\"x\\x0ay\",\"9\",\"'-\"\r\n"
            "\"a;b\",\"'\uFF1Dx\",\"a=\",\"'\uFF20\"\r\n");
}

TEST(DistributionsJson, ReportsWhatIsKnown) {
  DistributionRecord record;
  record.key = {"prod", "D1"};
  record.first_seen = kStart;
  EXPECT_THAT(distributions_json({record}), HasSubstr("\"result\":null}]"));
  EXPECT_EQ(distributions_json({}), "[]");
  record.last.status = DistributionStatus::kAborted;
  DistributionResult result;
  result.failed_devices = {{"pk", "dev", "1", ""}};
  record.result = std::make_shared<const DistributionResult>(std::move(result));
  const std::string json = distributions_json({record, record});
  EXPECT_THAT(json, HasSubstr("\"status\":\"ABORTED\""));
  EXPECT_THAT(json, HasSubstr("\"failed_devices\":[{\"product_key\":\"pk\""));
}

}  // namespace
}  // namespace taskwatchd
