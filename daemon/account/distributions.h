// The owner of distributions: turns the decisions of core/distribution_watch into calls. No I/O.
// Event-loop thread only.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "account/owner.h"
#include "config/config.h"
#include "core/polling/distribution_watch.h"

namespace taskwatchd {

class Distributions : public Owner {
 public:
  // The name of the distribution endpoint among the account's instances.
  static constexpr char kEndpoint[] = "";

  explicit Distributions(std::string account) : account_(account), watch_(std::move(account)) {}

  void configure(const AccountConfig& config, const std::vector<DistributionRecord>& stored,
                 Now now);

  NextCall next(Api api, Now now, double rate, const Gates& gates) override;
  void on_sent(const Call& call, Now now) override;
  void on_response(const Call& call, const Outcome& reply, Now now, CallEffects& out) override;
  void on_failure(const Call& call, const CallFailure& failure, Now now, CallEffects& out) override;
  bool watches(const Call& call) const override { return watch_.watches(call.distribution_id); }
  bool has_seen(const Call& call) const override { return watch_.seen(call.distribution_id); }
  bool needs(Api api) const override;
  void set_usable(Api api, bool usable, Now now) override;

  // Applies the outcome of downloading the result file requested by CallEffects; `begun` is when
  // the download started. No effect if a reload has removed the distribution since, even if it was
  // added again.
  void on_fetched(const std::string& id, Wall begun,
                  std::variant<DistributionResult, ResultFailure> result, Now now,
                  CallEffects& out);
  // Adds what to store and log after `configure`; call it after each one: downloads that a crash
  // interrupted, and downloads in progress whose distribution was removed.
  void after_configure(Now now, CallEffects& out);
  // The daemon is stopping: downloads in progress count as not started from here on.
  std::vector<DistributionRecord> unbegin() { return watch_.unbegin(); }
  // Ordered by id; the pointers are valid until the next non-const call.
  std::vector<const DistributionRecord*> records() const { return watch_.records(); }

 private:
  std::string account_;
  std::vector<std::string> file_hosts_;
  std::string proxy_;
  std::string ca_file_;
  DistributionWatch watch_;
  std::vector<DistributionRecord> dropped_;  // since the last after_configure
};

}  // namespace taskwatchd
