#include "core/events/advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace taskwatchd {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

const CallPlace kPlace = {"prod", "main", "https://iot.cn-shanghai.aliyuncs.com", true};

Failure failure(Reason reason, const std::string& code = "") {
  Failure f;
  f.reason = reason;
  f.code = code;
  return f;
}

TEST(Advice, NamesTheIdThatTheCallWasGiven) {
  const std::pair<Api, const char*> cases[] = {
      {Api::kQueryTask, " Check the task id, its region and its instance."},
      {Api::kListTask, " Check the job id, its region and its instance."},
      {Api::kQueryJobStatistics, " Check the job id, its region and its instance."},
      {Api::kQueryJob, " Check the job id, its region and its instance."},
      {Api::kListJob, " Check the region and the instance."}};
  for (const auto& [api, words] : cases) {
    EXPECT_THAT(advice(api, failure(Reason::kNotFound), kPlace), EndsWith(words));
  }
  EXPECT_THAT(advice(Api::kListTask, failure(Reason::kBadRequest, "iot.job.X"), kPlace),
              EndsWith(" Check the job id, and region, endpoint and id of instance main."));
  EXPECT_THAT(advice(Api::kListJob, failure(Reason::kBadRequest, "iot.job.X"), kPlace),
              EndsWith(" Check region, endpoint and id of instance main."));
}

TEST(Advice, NamesTheActionThatIsDenied) {
  const std::string text =
      advice(Api::kQueryJobStatistics, failure(Reason::kForbidden, "Forbidden.RAM"), kPlace);
  EXPECT_THAT(text, HasSubstr("QueryJobStatistics failed (forbidden): Forbidden.RAM."));
  EXPECT_THAT(text, HasSubstr("Grant the RAM action iot:QueryJobStatistics on resource *"));
}

TEST(Advice, AKeyThatIsBarredIsNotFixedByAnAction) {
  EXPECT_THAT(
      advice(Api::kQueryTask, failure(Reason::kForbidden, "Forbidden.AccessKeyDisabled"), kPlace),
      EndsWith(
          " Enable the AccessKey of account prod in the RAM console, or configure another one."));
  EXPECT_THAT(advice(Api::kQueryTask, failure(Reason::kForbidden, "Forbidden.RiskControl"), kPlace),
              EndsWith(" Ask Alibaba Cloud why account prod is under risk control."));
}

TEST(Advice, HasAFixForEachReason) {
  for (const Reason reason : kAllReasons) {
    for (const Api api : kAllApis) {
      const std::string text = advice(api, failure(reason), kPlace);
      const std::string head =
          std::string(name(api)) + " failed (" + std::string(name(reason)) + "). ";
      EXPECT_TRUE(text.starts_with(head)) << text;
      EXPECT_GT(text.size(), head.size() + 10) << text;
      EXPECT_EQ(text.back(), '.') << text;
    }
  }
}

}  // namespace
}  // namespace taskwatchd
