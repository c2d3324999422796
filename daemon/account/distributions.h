// The owner of distributions: core/distribution_watch decides, this puts it into calls. No I/O.
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
  // The name of the endpoint that is asked, among the account's instances.
  static constexpr char kEndpoint[] = "";

  explicit Distributions(std::string account) : account_(account), watch_(std::move(account)) {}

  void configure(const AccountConfig& config, const std::vector<DistributionRecord>& stored,
                 Now now);

  NextCall next(Api api, Now now, double rate, const Gates& gates) override;
  void on_sent(const Call& call, Now now) override;
  void on_answer(const Call& call, const Outcome& reply, Now now, Verdict& out) override;
  void on_failure(const Call& call, const CallFailure& failure, Now now, Verdict& out) override;
  bool watches(const Call& call) const override { return watch_.watches(call.distribution_id); }
  bool has_seen(const Call& call) const override { return watch_.seen(call.distribution_id); }
  bool needs(Api api) const override;
  void set_usable(Api api, bool usable, Now now) override;

  // The file that a verdict named was fetched and read, or could not be; `begun`: when that began.
  // Nothing comes of it if a reload has dropped the distribution meanwhile, listed again or not.
  void on_fetched(const std::string& id, Wall begun,
                  std::variant<DistributionResult, ResultFailure> result, Now now, Verdict& out);
  // What a configuration has to store and tell, to be called after each: files whose fetching an
  // earlier life did not survive, and fetches under way that nobody waits for any more.
  void after_configure(Now now, Verdict& out);
  // The daemon stops: fetches under way count as not begun from here on.
  std::vector<DistributionRecord> unbegin() { return watch_.unbegin(); }
  // By id; they point into this until the next call that changes it.
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
