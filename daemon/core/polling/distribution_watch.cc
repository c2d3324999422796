#include "core/polling/distribution_watch.h"

#include <algorithm>
#include <cassert>
#include <unordered_map>

#include "core/events/device_text.h"
#include "core/events/distribution_events.h"

namespace taskwatchd {
namespace {

// A finished distribution never restarts; an occasional poll shows that the account still responds
// and that the id still has the same meaning.
constexpr Duration kFinishedPoll = std::chrono::minutes(10);
constexpr Duration kBlindPoll = std::chrono::minutes(1);  // for a file, without a status
constexpr Duration kFileRetry = std::chrono::seconds(1);  // doubled with each try
constexpr Duration kFileRetryMax = std::chrono::minutes(10);
constexpr int kDoublings = 10;
constexpr Duration kRejectedPause = std::chrono::hours(1);
constexpr std::uint32_t kRejectedTries = 3;  // after the first
constexpr const char* kInterrupted =
    "the daemon stopped while the file was being downloaded or read";

// Returns the record as if its download had not started.
std::optional<DistributionRecord> unbegun_record(const DistributionRecord& record) {
  if (!record.fetch_begun) return std::nullopt;
  DistributionRecord copy = record;
  copy.fetch_begun.reset();
  return copy;
}

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
  } else if (record.refusals <= kRejectedTries) {
    // By the wall clock, because it may have been read before a restart; at most 1 h.
    const Duration since = now.wall - record.result_read.value_or(Wall());
    one.file_due = now.mono + std::clamp<Duration>(kRejectedPause - since, {}, kRejectedPause);
  } else if (reload) {
    one.record.refusals = 0;
    one.file_due = now.mono;
  }
}

std::vector<DistributionRecord> DistributionWatch::configure(
    const std::vector<std::string>& ids, const std::vector<DistributionRecord>& stored,
    Duration pace, Now now) {
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
      if (!kept.fetching && kept.record.result) plan_file(kept, true, now);
      continue;
    }
    Watched& one = watched_[id];
    const auto found = known.find(id);
    if (found != known.end()) {
      one.record = *found->second;
    } else {
      one.record.key = {account_, id};
      one.record.first_seen = now.wall;
    }
    plan_file(one, false, now);
  }
  std::vector<DistributionRecord> dropped;
  for (const auto& [id, one] : before) {
    if (auto record = unbegun_record(one.record)) dropped.push_back(*std::move(record));
  }
  return dropped;
}

void DistributionWatch::set_status_usable(bool usable, Now now) {
  if (usable == status_usable_) return;
  status_usable_ = usable;
  for (auto& [id, one] : watched_) {
    if (!usable && !one.fetching) plan_file(one, false, now);
  }
}

bool DistributionWatch::seen(const std::string& id) const {
  const auto found = watched_.find(id);
  return found != watched_.end() && found->second.record.last_seen != Wall();
}

bool DistributionWatch::is_fetching(const std::string& id, Wall begun) const {
  const auto found = watched_.find(id);
  return found != watched_.end() && found->second.fetching == begun;
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
    if (!status && one.fetching) continue;
    const Mono due = status ? std::max(one.status_due, one.status_poll.ready())
                            : std::max(one.file_due, one.file_poll.ready());
    if (due >= next.wake) continue;  // the least recent one
    next.wake = due;
    next.id = id;
  }
  if (next.wake > now.mono) next.id.reset();
  return next;
}

void DistributionWatch::asked(Api api, const std::string& id, std::uint64_t call, Now now) {
  Watched& one = watched_.at(id);
  (api == Api::kQueryDeviceDistributeJob ? one.status_poll : one.file_poll).on_sent(call, now.mono);
  if (api == Api::kQueryDeviceDistributeDetail) one.file_asked_by = call;
}

void DistributionWatch::failed(Api api, const std::string& id, std::uint64_t call, Mono retry_at) {
  Watched& one = watched_.at(id);
  (api == Api::kQueryDeviceDistributeJob ? one.status_poll : one.file_poll)
      .on_failure(call, retry_at);
}

void DistributionWatch::plan_status(Watched& one, Now now) const {
  const bool finished = is_finished(one.record.last.status);
  one.status_due = now.mono + (finished ? std::max(kFinishedPoll, pace_) : pace_);
}

DistributionWatch::Update DistributionWatch::status(const DistributionReply& reply,
                                                    std::uint64_t call, Now now) {
  Watched& one = watched_.at(reply.distribution_id);
  DistributionRecord& record = one.record;
  one.status_poll.on_response(call);
  if (call < one.status_shown_by) return {};
  one.status_shown_by = call;
  const DistributionStatus from = record.last.status;
  const bool first = record.last_seen == Wall();
  const bool never_read = first || record.last.distribution_id.empty();
  const bool moved = from != reply.status || record.last.status_text != reply.status_text;
  const Wall not_before = record.last_seen;
  record.last = reply;
  record.last_seen = now.wall;
  Update update;
  if (moved || never_read) {
    if (is_finished(reply.status)) {
      if (!record.ended) record.ended = now.wall;
      if (!one.fetching) plan_file(one, false, now);
    } else {
      record.ended.reset();
    }
    if (!never_read) {
      update.events.push_back(distribution_transition(record, from, now.wall, not_before));
    }
    update.record = record;
  }
  plan_status(one, now);
  return update;
}

std::optional<DistributionWatch::Fetch> DistributionWatch::file(const std::string& id,
                                                                const DistributionFile& file,
                                                                std::uint64_t call, Now now) {
  Watched& one = watched_.at(id);
  one.file_poll.on_response(call);
  // A link is used once: one requested before the last download may have expired.
  if (one.fetching || call <= one.file_used_through) return std::nullopt;
  if (one.record.result && one.record.result->understood) {
    one.file_due = Mono::max();
    return std::nullopt;
  }
  if (!file.url.empty()) {
    one.file_due = Mono::max();
    one.fetching = now.wall;
    one.file_used_through = std::max(call, one.file_asked_by);
    one.record.fetch_begun = now.wall;
    return Fetch{file.url, one.record};
  }
  const Duration pause =
      std::min<Duration>(kFileRetryMax, kFileRetry * (1 << std::min(one.empties++, kDoublings)));
  one.file_due = now.mono + (status_usable_ ? pause : kBlindPoll);
  return std::nullopt;
}

DistributionWatch::Update DistributionWatch::fetched(const std::string& id,
                                                     DistributionResult result, Now now) {
  Watched& one = watched_.at(id);
  DistributionRecord& record = one.record;
  one.fetching.reset();
  one.tries = 0;
  one.logged_problem.clear();
  record.fetch_begun.reset();
  const bool is_logged =
      record.result && !result.understood && record.result->problem == result.problem;
  record.refusals = result.understood ? 0 : record.refusals + 1;
  record.result = std::make_shared<const DistributionResult>(std::move(result));
  record.result_read = now.wall;
  record.last_seen = now.wall;
  // Without a status, the existence of the file is the only sign that it is finished.
  if (!record.ended) record.ended = now.wall;
  plan_file(one, false, now);
  if (is_logged) return {record, {}};
  return {record, {distribution_result(record)}};
}

DistributionWatch::Update DistributionWatch::refused(const std::string& id, const std::string& why,
                                                     Now now) {
  DistributionResult result;
  result.problem = why;
  return fetched(id, std::move(result), now);
}

DistributionWatch::NotFetched DistributionWatch::not_fetched(const std::string& id, bool expired,
                                                             const std::string& why, Now now) {
  Watched& one = watched_.at(id);
  one.fetching.reset();
  one.record.fetch_begun.reset();
  const Duration pause =
      std::min<Duration>(kFileRetryMax, kFileRetry * (1 << std::min(one.tries++, kDoublings)));
  one.file_due = now.mono + (expired && one.tries == 1 ? Duration::zero() : pause);
  // An expired link may be our delay or clock once; if it happens again it is logged.
  if ((expired && one.tries == 1) || why == one.logged_problem) return {one.record, {}};
  one.logged_problem = why;
  return {one.record, {distribution_file_failed(one.record.key, why, now.wall)}};
}

std::vector<DistributionRecord> DistributionWatch::unbegin() {
  std::vector<DistributionRecord> records;
  for (auto& [id, one] : watched_) {
    auto record = unbegun_record(one.record);
    if (!record) continue;
    one.record.fetch_begun.reset();
    records.push_back(*std::move(record));
  }
  return records;
}

std::vector<DistributionWatch::Update> DistributionWatch::interrupted(Now now) {
  std::vector<Update> updates;
  for (auto& [id, one] : watched_) {
    if (one.fetching || !one.record.fetch_begun) continue;
    one.record.result.reset();  // reported each time: the daemon crashed on it again
    updates.push_back(refused(id, kInterrupted, now));
  }
  return updates;
}

}  // namespace taskwatchd
