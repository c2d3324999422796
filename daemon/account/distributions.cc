#include "account/distributions.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace taskwatchd {

void Distributions::configure(const AccountConfig& config,
                              const std::vector<DistributionRecord>& stored, Now now) {
  file_hosts_ = config.distributions.file_hosts;
  proxy_ = config.proxy;
  ca_file_ = config.ca_file;
  for (DistributionRecord& one :
       watch_.configure(config.distributions.ids, stored, config.pace.job, now)) {
    dropped_.push_back(std::move(one));
  }
}

bool Distributions::needs(Api api) const {
  const bool theirs =
      api == Api::kQueryDeviceDistributeJob || api == Api::kQueryDeviceDistributeDetail;
  return theirs && watch_.any();
}

void Distributions::set_usable(Api api, bool usable, Now now) {
  if (api == Api::kQueryDeviceDistributeJob) watch_.set_status_usable(usable, now);
}

NextCall Distributions::next(Api api, Now now, double, const Gates& gates) {
  NextCall next;
  const auto due = watch_.next(api, now);
  next.wake = std::max(due.wake, gates.until(kEndpoint));
  if (!due.id || next.wake > now.mono) return next;
  Call call;
  call.api = api;
  call.owner = CallOwner::kDistributions;
  call.iot_instance = kEndpoint;
  call.distribution_id = *due.id;
  next.call = std::move(call);
  return next;
}

void Distributions::on_sent(const Call& call, Now now) {
  watch_.asked(call.api, call.distribution_id, call.number, now);
}

void Distributions::on_response(const Call& call, const Outcome& reply, Now now, CallEffects& out) {
  if (!watches(call)) return;
  if (const auto* status = std::get_if<DistributionReply>(&reply)) {
    auto seen = watch_.status(*status, call.number, now);
    if (seen.record) out.distributions.push_back(*std::move(seen.record));
    out.observation.events = std::move(seen.events);
  } else if (const auto* file = std::get_if<DistributionFile>(&reply)) {
    if (auto fetch = watch_.file(call.distribution_id, *file, call.number, now)) {
      out.begun = std::move(fetch->record);
      out.fetch = ResultRequest{.key = {account_, call.distribution_id},
                                .url = std::move(fetch->url),
                                .hosts = file_hosts_,
                                .proxy = proxy_,
                                .ca_file = ca_file_};
    }
  }
}

void Distributions::on_failure(const Call& call, const CallFailure& failure, Now, CallEffects&) {
  if (watches(call)) watch_.failed(call.api, call.distribution_id, call.number, failure.retry_at);
}

void Distributions::on_fetched(const std::string& id, Wall begun,
                               std::variant<DistributionResult, ResultFailure> result, Now now,
                               CallEffects& out) {
  if (!watch_.is_fetching(id, begun)) return;
  const auto* const failure = std::get_if<ResultFailure>(&result);
  if (failure != nullptr && !failure->refused) {
    auto missed = watch_.not_fetched(id, failure->expired, failure->message, now);
    if (missed.record) out.distributions.push_back(*std::move(missed.record));
    out.events = std::move(missed.events);
    return;
  }
  auto read = failure != nullptr
                  ? watch_.refused(id, failure->message, now)
                  : watch_.fetched(id, std::get<DistributionResult>(std::move(result)), now);
  if (read.record) out.distributions.push_back(*std::move(read.record));
  out.observation.events = std::move(read.events);
}

void Distributions::after_configure(Now now, CallEffects& out) {
  std::move(dropped_.begin(), dropped_.end(), std::back_inserter(out.distributions));
  dropped_.clear();
  for (auto& one : watch_.interrupted(now)) {
    if (one.record) out.distributions.push_back(*std::move(one.record));
    for (Event& event : one.events) out.observation.events.push_back(std::move(event));
  }
}

}  // namespace taskwatchd
