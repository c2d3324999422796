#include <algorithm>

#include "config/accounts.h"
#include "config/file_host.h"
#include "config/url.h"

namespace taskwatchd {
namespace {

// The only endpoint that serves these calls, whatever regions the devices move between.
constexpr char kEndpoint[] = "https://iot.cn-shanghai.aliyuncs.com";
constexpr char kFileHosts[] = "*.aliyuncs.com";

}  // namespace

DistributionsConfig read_distributions(Section& section, const AccountConfig& account) {
  DistributionsConfig distributions;
  std::vector<YamlPlace> places;
  read_ids(section, "distributions", "distribution", "CreateDeviceDistributeJob", distributions.ids,
           places);
  std::unordered_map<std::string, int> lines;
  check_ids("distribution", "keep one", distributions.ids, places, lines, section.problems());

  distributions.endpoint = kEndpoint;
  if (const auto endpoint = section.text("distribution_endpoint")) {
    distributions.endpoint = origin_of(*endpoint);
    // The value is not shown: it may contain a password.
    if (const auto problem = endpoint_problem(*endpoint)) {
      section.refuse("distribution_endpoint", "`distribution_endpoint` " + *problem);
    }
  }
  const auto same =
      std::find_if(account.instances.begin(), account.instances.end(),
                   [&](const auto& one) { return one.endpoint == distributions.endpoint; });
  distributions.ca_file = same == account.instances.end() ? account.ca_file : same->ca_file;

  for (auto& [place, host] : section.texts("distribution_file_hosts")) {
    if (const auto problem = file_host_problem(host)) {
      section.problems().add(place, "host " + shown(host) + " " + *problem);
    } else {
      distributions.file_hosts.push_back(std::move(host));
    }
  }
  if (!section.has("distribution_file_hosts")) distributions.file_hosts = {kFileHosts};
  return distributions;
}

}  // namespace taskwatchd
