#include "account/job_reports.h"

#include <utility>

#include "core/types/stored_times.h"

namespace taskwatchd {
namespace {

// Stored times cannot be deleted by a commit: this one stands for none.
constexpr Wall kNone{};

std::optional<Wall> time_of(const StoredTimes& stored, const std::string& key) {
  const auto found = stored.find(key);
  return found == stored.end() ? std::nullopt : std::optional(found->second);
}

std::string stalled_key(const JobKey& job) {
  return std::string(kJobStalledKey) + job.job_id;
}

std::string unreported_key(const JobKey& job) {
  return std::string(kJobUnreportedKey) + job.job_id;
}

}  // namespace

StoredTimes by_key(const std::vector<StoredTime>& stored) {
  StoredTimes times;
  for (const StoredTime& one : stored) times.insert_or_assign(one.key, one.at);
  return times;
}

void JobReports::restore(const StoredTimes& stored, const JobRecord& job) {
  const std::optional<Wall> unreported = time_of(stored, unreported_key(job.key));
  expects_end_ = unreported ? *unreported != kNone : job.baselined && !job.ended;
  is_kept_ = unreported.has_value();
  stalled_since_ = time_of(stored, stalled_key(job.key));
  if (stalled_since_ == kNone) stalled_since_.reset();
}

void JobReports::expect_end(const JobKey& job, Wall now, std::vector<StoredTime>& times) {
  if (std::exchange(expects_end_, true) && is_kept_) return;
  is_kept_ = true;
  times.push_back({job.account, unreported_key(job), now});
}

void JobReports::end(const JobKey& job, std::vector<StoredTime>& times) {
  expects_end_ = false;
  is_kept_ = true;
  times.push_back({job.account, unreported_key(job), kNone});
}

std::optional<JobReports::Stalled> JobReports::on_stalled(const JobKey& job,
                                                          std::optional<std::uint32_t> stalled,
                                                          Now now, std::vector<StoredTime>& times) {
  if (!stalled || (*stalled > 0) == stalled_since_.has_value()) {
    differs_since_.reset();
    return std::nullopt;
  }
  if (!differs_since_) differs_since_ = now;
  if (now.mono - differs_since_->mono < kSteady) return std::nullopt;
  if (*stalled == 0) return end_stalled(job, times);
  stalled_since_ = std::exchange(differs_since_, std::nullopt)->wall;
  times.push_back({job.account, stalled_key(job), *stalled_since_});
  return Stalled{.over = false, .since = *stalled_since_};
}

std::optional<JobReports::Stalled> JobReports::end_stalled(const JobKey& job,
                                                           std::vector<StoredTime>& times) {
  differs_since_.reset();
  if (!stalled_since_) return std::nullopt;
  times.push_back({job.account, stalled_key(job), kNone});
  return Stalled{.over = true, .since = *std::exchange(stalled_since_, std::nullopt)};
}

}  // namespace taskwatchd
