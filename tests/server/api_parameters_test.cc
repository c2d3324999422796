// Which query parameters the API accepts.
#include "server/api_parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/web_text.h"

namespace taskwatchd {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr ApiRoute kAll[] = {
    ApiRoute::kTask, ApiRoute::kDistributions, ApiRoute::kFailedDevices, ApiRoute::kStatus,
    ApiRoute::kJobs, ApiRoute::kTasks,         ApiRoute::kTransitions,   ApiRoute::kEvents};

std::string wrong(ApiRoute route, std::vector<std::pair<std::string, std::string>> query) {
  const ApiQuestion question{route, "id", std::move(query)};
  const auto reply = ApiParameters(question).wrong();
  EXPECT_TRUE(!reply || reply->status == 400);
  return reply ? reply->error : "";
}

TEST(ApiParameters, EachPathTakesItsOwnAndNoOther) {
  for (const ApiRoute route : kAll) {
    EXPECT_THAT(wrong(route, {{"acount", "a"}}), testing::StartsWith("parameter acount: this path"))
        << name(route);
    for (const std::string_view known : parameters_of(route)) {
      EXPECT_EQ(wrong(route, {{std::string(known), "a"}}), "") << name(route) << known;
    }
    EXPECT_NE(wrong(route, {{"", ""}}), "") << name(route);
  }
  EXPECT_EQ(wrong(ApiRoute::kJobs, {{"job", "a"}}), "parameter job: this path has no parameters");
  EXPECT_EQ(wrong(ApiRoute::kTransitions, {{"job", "a"}}),
            "parameter job: this path accepts since, limit");
}

TEST(ApiParameters, EmptyOnesAreNotThere) {
  EXPECT_THAT(*query_parameters("/a?&b=1&&c&", 9), ElementsAre(Pair("b", "1"), Pair("c", "")));
  EXPECT_TRUE(query_parameters("/a?&&&", 9)->empty());
  EXPECT_THAT(*query_parameters("/a?=1", 9), ElementsAre(Pair("", "1")));
}

}  // namespace
}  // namespace taskwatchd
