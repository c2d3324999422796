#include "config/regions.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "config/problems.h"

namespace taskwatchd {
namespace {

constexpr std::array<std::string_view, 8> kRegions = {
    "cn-shanghai",    "cn-beijing", "cn-shenzhen", "ap-southeast-1",
    "ap-northeast-1", "us-east-1",  "us-west-1",   "eu-central-1"};
// the only region of the public instance with device jobs
constexpr std::string_view kPublicJobs = "cn-shanghai";
constexpr std::string_view kNoJobs = "ap-northeast-1";

}  // namespace

std::vector<std::string> region_warnings(const Config& config) {
  std::vector<std::string> warnings;
  for (const AccountConfig& account : config.accounts) {
    for (const InstanceConfig& instance : account.instances) {
      const auto warn = [&](const std::string& text) {
        warnings.push_back("account " + shown(account.name) + ", instance " + shown(instance.name) +
                           ": " + text);
      };
      const std::string& region = instance.region;
      if (std::find(kRegions.begin(), kRegions.end(), region) == kRegions.end()) {
        warn("the IoT Platform documents no region " + shown(region) + "; check the spelling (" +
             any_of({kRegions.begin(), kRegions.end()}) + ")");
        continue;
      }
      if (region == kNoJobs && (!instance.jobs.empty() || instance.discover_jobs)) {
        warn("device jobs are not documented for " + shown(region));
      }
      if (region != kPublicJobs && instance.id.empty()) {
        warn("device jobs of the public instance are documented for " + shown(kPublicJobs) +
             " only; set `id` to the instance id from the console");
      }
    }
  }
  return warnings;
}

}  // namespace taskwatchd
