// Responses about accounts that this replica does not hold: 421 with the URL of the replica that
// does. Without replicas it only returns 404. Event-loop thread only.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "config/config.h"
#include "core/types/lease.h"
#include "core/types/status.h"
#include "pipeline/fleet.h"
#include "server/api_question.h"

namespace taskwatchd {

class Elsewhere {
 public:
  // Returns nullopt without replicas. May be empty.
  using Source = std::function<std::optional<ReplicationStatus>()>;

  Elsewhere(const Fleet& fleet, Source source) : fleet_(fleet), source_(std::move(source)) {}

  // For a query that names the account: 421 if another replica holds it, 503 if no replica polls it
  // right now. Nullopt if it is polled here, or is not configured.
  std::optional<ApiReply> of_account(const std::string& account) const;
  // For something that is not watched here, as `text` says. `account` is as in the query; `lists`
  // returns whether the configuration of an account names it. 421 or 503 as above if the account is
  // known by one of the two, else 404, which names the replicas that hold other accounts.
  ApiReply not_found(std::string text, const std::string& account,
                     const std::function<bool(const AccountConfig&)>& lists) const;

 private:
  std::optional<ApiReply> about(const LeaseStatus& lease) const;

  const Fleet& fleet_;
  Source source_;
};

}  // namespace taskwatchd
