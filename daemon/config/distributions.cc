#include <algorithm>

#include "config/accounts.h"
#include "config/url.h"

namespace taskwatchd {
namespace {

// The one endpoint that answers these calls, whatever region the devices move from and to.
constexpr char kEndpoint[] = "https://iot.cn-shanghai.aliyuncs.com";
constexpr char kFileHosts[] = "*.aliyuncs.com";

// A host, or `*.` and a domain of at least two labels: `*` and `*.com` would let anybody serve it.
std::optional<std::string> host_problem(const std::string& host) {
  const bool wild = host.starts_with("*.");
  const std::string rest = wild ? host.substr(2) : host;
  const bool clean = !rest.empty() && rest.size() <= 253 &&
                     rest.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789-.:[]") == std::string::npos;
  const auto dot = rest.find('.');
  const bool wide = wild && (dot == std::string::npos || dot == 0 || dot + 1 == rest.size());
  if (clean && !wide) return std::nullopt;
  return "must be a host, or *. and a domain such as *.aliyuncs.com, without scheme, path or user; "
         "remove what else it holds";
}

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
    distributions.endpoint = *endpoint;
    // Not shown: it may hold a password.
    if (const auto problem = endpoint_problem(*endpoint)) {
      section.refuse("distribution_endpoint", "`distribution_endpoint` " + *problem);
    }
  }
  const auto same =
      std::find_if(account.instances.begin(), account.instances.end(),
                   [&](const auto& one) { return one.endpoint == distributions.endpoint; });
  if (same != account.instances.end()) distributions.ca_file = same->ca_file;

  for (auto& [place, host] : section.texts("distribution_file_hosts")) {
    if (const auto problem = host_problem(host)) {
      section.problems().add(place, "host " + shown(host) + " " + *problem);
    } else {
      distributions.file_hosts.push_back(std::move(host));
    }
  }
  if (!section.has("distribution_file_hosts")) distributions.file_hosts = {kFileHosts};
  return distributions;
}

}  // namespace taskwatchd
