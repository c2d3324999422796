#include "account/job_instances.h"

#include <algorithm>
#include <utility>

namespace taskwatchd {

std::map<std::string, std::string> JobInstances::configure(const AccountConfig& config) {
  std::map<std::string, Instance> before = std::exchange(by_name_, {});
  const auto same_endpoint = [](const Instance& one, const InstanceConfig& wanted) {
    return one.region == wanted.region && one.id == wanted.id && one.endpoint == wanted.endpoint;
  };
  std::map<std::string, std::string> renamed;  // from, to
  for (const InstanceConfig& wanted : config.instances) {
    auto old = before.find(wanted.name);
    if (old == before.end() || !same_endpoint(old->second, wanted)) {
      old = std::find_if(before.begin(), before.end(),
                         [&](const auto& entry) { return same_endpoint(entry.second, wanted); });
    }
    Instance instance{
        .region = wanted.region,
        .id = wanted.id,
        .endpoint = wanted.endpoint,
        .context = std::make_shared<const TaskContext>(TaskContext{wanted.name, wanted.labels}),
        .deadline = wanted.deadline,
        .discovery = {}};
    if (wanted.discover_jobs) {
      const bool goes_on = old != before.end() && old->second.discovery;
      instance.discovery = goes_on ? *old->second.discovery : Discovery(*wanted.discover_jobs);
      instance.discovery->configure(*wanted.discover_jobs);
    }
    if (old != before.end()) {
      renamed.emplace(old->first, wanted.name);
      before.erase(old);
    }
    by_name_.emplace(wanted.name, std::move(instance));
  }
  return renamed;
}

bool JobInstances::discovers() const {
  return std::any_of(by_name_.begin(), by_name_.end(),
                     [](const auto& entry) { return entry.second.discovery.has_value(); });
}

const Discovery* JobInstances::discovery_of(const Call& call) const {
  const auto found = by_name_.find(call.iot_instance);
  if (found == by_name_.end() || !found->second.discovery) return nullptr;
  return &*found->second.discovery;
}

Discovery* JobInstances::discovery_of(const Call& call) {
  return const_cast<Discovery*>(std::as_const(*this).discovery_of(call));
}

NextCall JobInstances::next_listing(Now now, const Gates& gates) const {
  NextCall next;
  for (const auto& [name, instance] : by_name_) {
    if (!instance.discovery) continue;
    const Mono when = std::max(instance.discovery->due(), gates.until(name));
    if (when > now.mono) {
      next.wake = std::min(next.wake, when);
      continue;
    }
    Call call;
    call.api = Api::kListJob;
    call.owner = CallOwner::kJobs;
    call.iot_instance = name;
    call.page = instance.discovery->page();
    next.call = std::move(call);
    return next;
  }
  return next;
}

std::size_t JobInstances::skipped() const {
  std::size_t all = 0;
  for (const auto& [name, instance] : by_name_) {
    if (instance.discovery) all += instance.discovery->skipped();
  }
  return all;
}

}  // namespace taskwatchd
