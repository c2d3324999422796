// QueryDeviceDistributeJob and QueryDeviceDistributeDetail, as documented at help.aliyun.com, IoT
// Platform API 2018-01-20. Neither takes an IotInstanceId.
#include "simulator/model_job_state.h"
#include "simulator/model_links.h"

namespace iotsim {
namespace {

std::variant<std::size_t, Refusal> find_distribution(ActionContext& context) {
  const std::string* const id = context.call.parameter("JobId");
  if (id == nullptr || id->empty()) return missing("JobId");
  if (context.call.parameter("IotInstanceId") != nullptr) {
    return invalid("IotInstanceId is no parameter of this operation.");
  }
  const auto& all = context.world.distributions();
  const auto is_ours = [&](const Distribution& d) {
    return d.spec.account == context.caller.account->name && d.is_known(context.world_ms);
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].spec.id != *id || !is_ours(all[i])) continue;
    if (!context.wrong_task) return i;
    for (std::size_t other = 0; other < all.size(); ++other) {
      if (other != i && is_ours(all[other])) return other;
    }
    return i;
  }
  // The response for a distribution that does not exist is not documented.
  return Refusal{200, "iot.job.DistributeJobNotFound", "The distribution does not exist.", true};
}

}  // namespace

ActionAnswer query_distribution(ActionContext& context) {
  const auto found = find_distribution(context);
  if (const auto* const refusal = std::get_if<Refusal>(&found)) return *refusal;
  const Distribution& distribution = context.world.distributions()[std::get<std::size_t>(found)];
  const DistributionSpec& spec = distribution.spec;
  std::vector<Value> targets;
  for (const std::string& target : spec.target_instances) {
    targets.push_back(object({{"TargetInstanceId", text_value(target)}}));
  }
  std::vector<Member> data;
  data.push_back({"JobId", text_value(spec.id)});
  data.push_back({"ProductKey", text_value(spec.product_key)});
  data.push_back({"Total", number(static_cast<std::int64_t>(distribution.total()))});
  data.push_back({"Status", number(distribution.status(context.world_ms))});
  data.push_back({"SourceUid", text_value("1000000000000001")});
  data.push_back({"TargetUid", text_value("1000000000000001")});
  data.push_back({"SourceInstanceId", text_value(spec.source_instance)});
  data.push_back(
      {"TargetInstanceConfigs", object({{"targetInstanceConfigs", array(std::move(targets))}})});
  data.push_back({"Strategy", number(0)});
  data.push_back({"GmtCreate", number(spec.created_ms)});
  std::vector<Member> members;
  members.push_back({"Data", object(std::move(data))});
  return members;
}

ActionAnswer query_distribution_detail(ActionContext& context) {
  const auto found = find_distribution(context);
  if (const auto* const refusal = std::get_if<Refusal>(&found)) return *refusal;
  const std::size_t index = std::get<std::size_t>(found);
  if (context.world.distributions()[index].status(context.world_ms) < 2) {
    // The response before the distribution ends is not documented.
    return Refusal{200, "iot.job.DistributeJobNotFinished", "The distribution has not ended.",
                   true};
  }
  const std::int64_t cloud_ms = context.now.wall_ms + context.switches.clock_offset_ms;
  std::vector<Member> members;
  members.push_back(
      {"File", text_value(context.file_base +
                          context.links.issue(index, cloud_ms + context.switches.link_ms))});
  return members;
}

}  // namespace iotsim
