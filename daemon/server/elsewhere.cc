#include "server/elsewhere.h"

#include <set>
#include <string>

namespace taskwatchd {
namespace {

constexpr std::size_t kUrlsNamed = 10;  // in one message

std::string held_by_others(const ReplicationStatus& status) {
  std::size_t count = 0;
  std::set<std::string> urls;
  for (const LeaseStatus& lease : status.leases) {
    if (!lease.elsewhere) continue;
    ++count;
    if (!lease.holder_url.empty() && urls.size() < kUrlsNamed) urls.insert(lease.holder_url);
  }
  if (count == 0) return {};
  std::string text =
      count == 1 ? " here; 1 account is held by another replica"
                 : " here; " + std::to_string(count) + " accounts are held by other replicas";
  std::string names;
  for (const std::string& url : urls) names += (names.empty() ? ": " : ", ") + url;
  return text + names;
}

}  // namespace

std::optional<ApiReply> Elsewhere::of_account(const std::string& account) const {
  if (account.empty()) return std::nullopt;
  const std::optional<ReplicationStatus> status = source_ ? source_() : std::nullopt;
  if (!status) return std::nullopt;
  for (const LeaseStatus& lease : status->leases) {
    if (lease.account == account) return about(lease);
  }
  return std::nullopt;
}

std::optional<ApiReply> Elsewhere::about(const LeaseStatus& lease) const {
  if (fleet_.has_account(lease.account)) return std::nullopt;
  const auto sink = sink_of_lease(lease.account);
  const std::string what = sink ? "sink " + *sink : "account " + lease.account;
  if (!lease.elsewhere) {
    return ApiReply{
        503,
        {},
        "unavailable",
        (sink ? "no replica runs " : "no replica polls ") + what + " right now; try again"};
  }
  std::string text = what + " is held by ";
  text += lease.holder.empty() ? "another replica" : "replica " + lease.holder;
  text += lease.holder_url.empty() ? "; its URL is not known; set `replica.url` there"
                                   : "; ask " + lease.holder_url;
  ApiReply reply{421, {}, "not_here", std::move(text)};
  reply.holder = lease.holder;
  reply.holder_url = lease.holder_url;
  return reply;
}

ApiReply Elsewhere::not_found(std::string text, const std::string& account,
                              const std::function<bool(const AccountConfig&)>& lists) const {
  if (auto reply = of_account(account)) return *std::move(reply);
  if (account.empty()) {
    for (const AccountConfig& one : fleet_.config().accounts) {
      if (!lists(one)) continue;
      if (auto reply = of_account(one.name)) return *std::move(reply);
    }
  }
  const std::optional<ReplicationStatus> status = source_ ? source_() : std::nullopt;
  if (status && account.empty()) text += held_by_others(*status);
  return {404, {}, "not_found", std::move(text)};
}

}  // namespace taskwatchd
