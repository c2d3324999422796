#include "core/distribution_watch.h"

#include <algorithm>
#include <cassert>
#include <unordered_map>

#include "core/distribution_events.h"
#include "core/event_text.h"

namespace taskwatchd {
namespace {

// A distribution is not taken up again once it is over; asked now and then it shows that the
// account answers, and that the number still means what it did.
constexpr Duration kOverLook = std::chrono::minutes(10);
constexpr Duration kBlindLook = std::chrono::minutes(1);  // for a file, without a status
constexpr Duration kFileRetry = std::chrono::seconds(1);  // doubled with each try
constexpr Duration kFileRetryMax = std::chrono::minutes(10);
constexpr int kDoublings = 10;
constexpr Duration kRefusedPause = std::chrono::hours(1);
constexpr std::uint32_t kRefusedTries = 3;  // after the first
constexpr const char* kInterrupted = "the daemon ended while the file was fetched or read";
constexpr std::size_t kMaxNameBytes = 128;  // of what a file says of a device

}  // namespace

bool DistributionWatch::wants_file(const Watched& one) const {
  const bool may_exist = is_finished(one.record.last.status) || !status_usable_;
  return may_exist && !(one.record.result && one.record.result->understood);
}

void DistributionWatch::plan_file(Watched& one, bool reload, Now now) const {
  one.file_due = Mono::max();
  if (!wants_file(one)) return;
  const DistributionRecord& record = one.record;
  if (!record.result) {
    one.file_due = now.mono;
  } else if (record.refusals <= kRefusedTries) {
    // By the wall clock, for it may have been read in an earlier life; an hour at most.
    const Duration since = now.wall - record.result_read.value_or(Wall());
    one.file_due = now.mono + std::clamp<Duration>(kRefusedPause - since, {}, kRefusedPause);
  } else if (reload) {
    one.record.refusals = 0;
    one.file_due = now.mono;
  }
}

void DistributionWatch::configure(const std::vector<std::string>& ids,
                                  const std::vector<DistributionRecord>& stored, Duration pace,
                                  Now now) {
  pace_ = pace;
  std::unordered_map<std::string_view, const DistributionRecord*> known;
  for (const DistributionRecord& record : stored)
    known.emplace(record.key.distribution_id, &record);
  std::map<std::string, Watched> before;
  before.swap(watched_);
  for (const std::string& id : ids) {
    const auto held = before.find(id);
    if (held != before.end()) {
      Watched& kept = watched_.insert(before.extract(held)).position->second;
      if (!kept.file_asked && kept.record.result) plan_file(kept, true, now);
      continue;
    }
    Watched& one = watched_[id];
    const auto found = known.find(id);
    if (found != known.end()) {
      one.record = *found->second;
      // Dropped and listed again while it was fetched.
      if (fetching_.contains(id)) one.record.fetch_begun.reset();
    } else {
      one.record.key = {account_, id};
      one.record.first_seen = now.wall;
    }
    plan_file(one, false, now);
  }
}

void DistributionWatch::set_status_usable(bool usable, Now now) {
  if (usable == status_usable_) return;
  status_usable_ = usable;
  for (auto& [id, one] : watched_) {
    if (!usable && !one.file_asked) plan_file(one, false, now);
  }
}

bool DistributionWatch::seen(const std::string& id) const {
  const auto found = watched_.find(id);
  return found != watched_.end() && found->second.record.last_seen != Wall();
}

std::vector<const DistributionRecord*> DistributionWatch::records() const {
  std::vector<const DistributionRecord*> all;
  all.reserve(watched_.size());
  for (const auto& [id, one] : watched_) all.push_back(&one.record);
  return all;
}

DistributionWatch::Next DistributionWatch::next(Api api, Now now) const {
  const bool status = api == Api::kQueryDeviceDistributeJob;
  Next next;
  for (const auto& [id, one] : watched_) {
    if (status ? one.status_asked : one.file_asked) continue;
    const Mono due = status ? one.status_due : one.file_due;
    if (due >= next.wake) continue;  // the one that waits longest
    next.wake = due;
    next.id = id;
  }
  if (next.wake > now.mono) next.id.reset();
  return next;
}

void DistributionWatch::asked(Api api, const std::string& id) {
  Watched& one = watched_.at(id);
  (api == Api::kQueryDeviceDistributeJob ? one.status_asked : one.file_asked) = true;
}

void DistributionWatch::failed(Api api, const std::string& id, Mono retry_at) {
  Watched& one = watched_.at(id);
  if (api == Api::kQueryDeviceDistributeJob) {
    one.status_asked = false;
    one.status_due = retry_at;
  } else {
    one.file_asked = false;
    // While the status cannot be had this is the regular look, not a retry.
    one.file_due = retry_at;
  }
}

void DistributionWatch::plan(Watched& one, Now now) const {
  const bool over = is_finished(one.record.last.status);
  one.status_due = now.mono + (over ? std::max(kOverLook, pace_) : pace_);
}

DistributionWatch::Verdict DistributionWatch::status(const DistributionReply& reply, Now now) {
  Watched& one = watched_.at(reply.distribution_id);
  DistributionRecord& record = one.record;
  one.status_asked = false;
  const DistributionStatus from = record.last.status;
  const bool first = record.last_seen == Wall();
  const bool never_read = first || record.last.distribution_id.empty();
  const bool moved = from != reply.status || record.last.status_text != reply.status_text;
  const Wall not_before = record.last_seen;
  record.last = reply;
  record.last_seen = now.wall;
  Verdict verdict;
  if (moved || never_read) {
    if (is_finished(reply.status)) {
      if (!record.ended) record.ended = now.wall;
      if (!one.file_asked) plan_file(one, false, now);
    } else {
      record.ended.reset();
    }
    if (!never_read) {
      verdict.events.push_back(distribution_transition(record, from, now.wall, not_before));
    }
    verdict.record = record;
  }
  plan(one, now);
  return verdict;
}

std::optional<DistributionWatch::Fetch> DistributionWatch::file(const std::string& id,
                                                                const DistributionFile& file,
                                                                Now now) {
  Watched& one = watched_.at(id);
  if (one.record.result && one.record.result->understood) {
    one.file_asked = false;
    one.file_due = Mono::max();
    return std::nullopt;
  }
  if (!file.url.empty()) {
    one.file_due = Mono::max();
    one.record.fetch_begun = now.wall;
    fetching_.insert(id);
    return Fetch{file.url, one.record};  // still counts as asked: until it has ended
  }
  one.file_asked = false;
  const Duration pause =
      std::min<Duration>(kFileRetryMax, kFileRetry * (1 << std::min(one.empties++, kDoublings)));
  one.file_due = now.mono + (status_usable_ ? pause : kBlindLook);
  return std::nullopt;
}

DistributionWatch::Verdict DistributionWatch::fetched(const std::string& id,
                                                      DistributionResult result, Now now) {
  Watched& one = watched_.at(id);
  DistributionRecord& record = one.record;
  one.file_asked = false;
  one.tries = 0;
  one.told.clear();
  record.fetch_begun.reset();
  // Listed again while its file was being fetched, it is fetched twice; it is told once.
  if (record.result && record.result->understood) {
    one.file_due = Mono::max();
    return {};
  }
  const bool is_told =
      record.result && !result.understood && record.result->problem == result.problem;
  record.refusals = result.understood ? 0 : record.refusals + 1;
  record.result = std::move(result);
  auto& failed = record.result->failed_devices;
  if (failed.size() > kMaxFailedDevices) failed.resize(kMaxFailedDevices);
  for (DeviceResult& device : failed) {
    for (std::string* text : {&device.product_key, &device.device_name, &device.code}) {
      *text = cut(repair_utf8(*text), kMaxNameBytes);
    }
  }
  record.result_read = now.wall;
  record.last_seen = now.wall;
  // Without a status, the file's being there is all that we know of its end.
  if (!record.ended) record.ended = now.wall;
  plan_file(one, false, now);
  if (is_told) return {record, {}};
  return {record, {distribution_result(record)}};
}

DistributionWatch::Verdict DistributionWatch::refused(const std::string& id, const std::string& why,
                                                      Now now) {
  DistributionResult result;
  result.problem = why;
  return fetched(id, std::move(result), now);
}

DistributionWatch::NotFetched DistributionWatch::not_fetched(const std::string& id, bool expired,
                                                             const std::string& why, Now now) {
  Watched& one = watched_.at(id);
  one.file_asked = false;
  one.record.fetch_begun.reset();
  if (one.record.result && one.record.result->understood) return {};  // another was quicker
  const Duration pause =
      std::min<Duration>(kFileRetryMax, kFileRetry * (1 << std::min(one.tries++, kDoublings)));
  one.file_due = now.mono + (expired && one.tries == 1 ? Duration::zero() : pause);
  // Once it is our delay or our clock's; again and again it is something to be told.
  if ((expired && one.tries == 1) || why == one.told) return {one.record, {}};
  one.told = why;
  return {one.record, {distribution_file_failed(one.record.key, why, now.wall)}};
}

void DistributionWatch::ended(const std::string& id) {
  const auto found = fetching_.find(id);
  if (found != fetching_.end()) fetching_.erase(found);
}

std::vector<DistributionRecord> DistributionWatch::unbegun() const {
  std::vector<DistributionRecord> records;
  for (const auto& [id, one] : watched_) {
    if (!one.record.fetch_begun) continue;
    records.push_back(one.record);
    records.back().fetch_begun.reset();
  }
  return records;
}

std::vector<DistributionWatch::Verdict> DistributionWatch::interrupted(Now now) {
  std::vector<Verdict> verdicts;
  for (auto& [id, one] : watched_) {
    if (one.file_asked || !one.record.fetch_begun) continue;
    one.record.result.reset();  // told each time: the daemon has ended by it once more
    verdicts.push_back(refused(id, kInterrupted, now));
  }
  return verdicts;
}

}  // namespace taskwatchd
