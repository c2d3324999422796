#include "core/polling/discovery.h"

#include <algorithm>

#include "core/types/glob.h"

namespace taskwatchd {
namespace {

constexpr Duration kSweep = std::chrono::minutes(1);  // between two sweeps
constexpr std::uint32_t kMaxPages = 200;              // per sweep: 10,000 jobs

}  // namespace

bool Discovery::wanted(const JobReply& job, Now now) const {
  return glob_matches(wanted_.name, job.job_name) &&
         Duration(now.wall - job.modified) <= wanted_.modified_within;
}

Discovery::Found Discovery::on_page(std::uint64_t call, std::uint32_t number, const JobPage& page,
                                    Now now) {
  Found found;
  poll_.on_response(call);
  if (number != page_) return found;
  for (const JobReply& job : page.jobs) {
    if (!seen_.insert(job.job_id).second) continue;  // pages shift while they are read
    if (!wanted(job, now)) {
      ++passed_over_;
      continue;
    }
    const auto [at, fresh] = watched_.insert_or_assign(job.job_id, job.modified);
    if (fresh) found.fresh.push_back(job);
  }
  if (page_ == 1) page_rows_ = page.jobs.size() + page.unreadable;
  const bool more = !page.jobs.empty() && page_ * page_rows_ < page.total && page_ < kMaxPages;
  if (more) ++page_;

  // Keeps the newest jobs; those over the limit are dropped at once, because each costs calls.
  std::vector<std::pair<Wall, std::string>> by_age;
  for (const auto& [id, modified] : watched_) by_age.emplace_back(modified, id);
  std::sort(by_age.rbegin(), by_age.rend());
  const auto drop = [&](const std::string& id) {
    watched_.erase(id);
    const auto is_it = [&](const JobReply& job) { return job.job_id == id; };
    if (std::erase_if(found.fresh, is_it) == 0) found.dropped.push_back(id);
  };
  for (std::size_t i = wanted_.limit; i < by_age.size(); ++i) {
    if (seen_.contains(by_age[i].second)) ++passed_over_;
    drop(by_age[i].second);
  }
  if (more) {
    skipped_ = std::max(skipped_, passed_over_);
    due_ = now.mono;
    return found;
  }

  // End of the sweep: jobs that it did not list, or that are too old, are no longer watched.
  for (const auto& [modified, id] : by_age) {
    const bool kept = watched_.contains(id) && seen_.contains(id) &&
                      Duration(now.wall - modified) <= wanted_.modified_within;
    if (watched_.contains(id) && !kept) drop(id);
  }
  skipped_ = passed_over_;
  passed_over_ = 0;
  seen_.clear();
  page_ = 1;
  due_ = now.mono + kSweep;
  return found;
}

}  // namespace taskwatchd
