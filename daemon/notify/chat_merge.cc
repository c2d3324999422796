#include "notify/chat_merge.h"

#include <algorithm>

#include "core/events/event_fields.h"
#include "notify/chat_mute.h"

namespace taskwatchd {
namespace {

// How often the state of jobs is read whose failures were reported: nothing announces a rerun.
constexpr std::chrono::seconds kUpdateInterval(10);

// True for an event that ChatJob merges.
bool is_of_job(const Event& event) {
  if (text_field(event, "job_id").empty()) return false;
  if (event.name == "task_transition" || event.name == "job_transition") {
    const std::string_view to = text_field(event, "to");
    return event.name == "job_transition" ? parse_job_status(to) == JobStatus::kTimedOut
                                          : is_bad(parse_task_status(to));
  }
  if (event.name == "task_baseline") return is_bad(parse_task_status(text_field(event, "status")));
  return event.name == "task_overdue" || event.name == "job_stalled" ||
         event.name == "job_finished";
}

JobKey job_of(const Event& event) {
  return {std::string(text_field(event, "account")), std::string(text_field(event, "job_id"))};
}

}  // namespace

ChatMerge::ChatMerge(const ChatPolicy& policy, const ChatState& state)
    : policy_(policy),
      last_id_(state.cursor),
      events_covered_(state.events_covered),
      muted_(state.muted) {
  for (const ChatJobRecord& job : state.jobs) jobs_.try_emplace(job.key, job);
}

void ChatMerge::skip(std::uint64_t id) {
  last_id_ = std::max(last_id_, id);
}

void ChatMerge::add(const Event& event) {
  if (event.name == "task_details") {
    const auto job = jobs_.find(job_of(event));
    if (job != jobs_.end()) job->second.add_details(event);
  } else if (is_of_job(event)) {
    ChatJobRecord record;
    record.key = job_of(event);
    jobs_.try_emplace(record.key, record).first->second.add(event);
  } else if (event.id > events_covered_ && !is_kept(event.id)) {
    if (const Mute* const mute = mute_of(event)) {
      keep(muted_by(*mute), event);
    } else {
      events_.add(event);
    }
  }
  skip(event.id);
}

ChatNext ChatMerge::next(Wall now, const CountsOf& counts_of) {
  restore();
  keep_muted_events();
  ask_at_.reset();
  const std::map<std::string, DueJobs> due = update_jobs(now, counts_of);
  if (const MutedRecord* const ended = ended_mute()) return {take_muted(*ended, counts_of), {}};
  const std::vector<Candidate> found = candidates(due, now);
  if (found.empty()) {
    tried_since_.reset();
    return {{}, ask_at_};
  }

  const bool is_digest = is_late(found, now);
  if (!tried_since_) tried_since_ = now;
  if (is_digest) return {take_digest(due, now), {}};

  const Candidate& oldest =
      *std::min_element(found.begin(), found.end(),
                        [](const Candidate& a, const Candidate& b) { return a.due < b.due; });
  if (oldest.job != nullptr) return {take_job(*oldest.job), {}};
  if (!oldest.account.empty()) return {take_account(oldest.account, due.at(oldest.account)), {}};
  if (!crowds_.contains("")) return {events_.take_first(), {}};
  take_crowd("");
  return {events_.take_all(), {}};
}

// The jobs whose message is due, by account.
std::map<std::string, ChatMerge::DueJobs> ChatMerge::update_jobs(Wall now,
                                                                 const CountsOf& counts_of) {
  const std::uint64_t covered = cursor();
  std::map<std::string, DueJobs> due;
  for (auto it = jobs_.begin(); it != jobs_.end();) {
    ChatJob& job = it->second;
    job.update(counts_of(it->first), policy_, now);
    const std::optional<Wall> at = job.due_at();
    const auto covers_job = [&](const Mute& one) { return covers(one, it->first, job.name()); };
    const auto mute = std::find_if(mutes_.begin(), mutes_.end(), covers_job);
    if (at && *at <= now && mute != mutes_.end()) {
      keep_muted(*mute, job, now);
    } else if (at && *at <= now) {
      DueJobs& jobs = due[it->first.account];
      if (jobs.jobs.empty() || *at < jobs.first) {
        jobs.first = *at;
        jobs.oldest = &job;
      }
      jobs.last = jobs.jobs.empty() ? *at : std::max(jobs.last, *at);
      jobs.jobs.push_back(&job);
    } else if (at) {
      ask_by(*at);
    }
    if (job.needs_updates()) ask_by(now + kUpdateInterval);
    it = job.is_done(covered, now) ? jobs_.erase(it) : std::next(it);
  }
  return due;
}

std::vector<ChatMerge::Candidate> ChatMerge::candidates(const std::map<std::string, DueJobs>& due,
                                                        Wall now) {
  // A crowd without anything to send is over after 30 s.
  for (auto& [account, burst] : crowds_) burst.clamp(now);
  std::erase_if(crowds_, [&](const auto& crowd) {
    const bool is_empty = crowd.first.empty() ? events_.count() == 0 : !due.contains(crowd.first);
    return is_empty && now >= crowd.second.record().sent_at + kQuietAfter;
  });

  std::vector<Candidate> found;
  const auto add_if_due = [&](const Candidate& one) {
    if (one.due <= now) {
      found.push_back(one);
    } else {
      ask_by(one.due);
    }
  };
  std::erase_if(sent_singly_, [&](const auto& sent) {
    return sent.second > now || now >= sent.second + kSentSinglyWithin;
  });
  for (const auto& [account, jobs] : due) {
    if (is_crowded(jobs, account)) crowds_.try_emplace(account);
    const auto crowd = crowd_due(account, jobs.jobs.size(), jobs.first, jobs.last);
    add_if_due(crowd ? Candidate{*crowd, account, nullptr}
                     : Candidate{jobs.first, account, jobs.oldest});
  }
  if (events_.count() > 0) {
    const Wall first = std::min(events_.first_at(), now);
    const auto crowd = crowd_due("", events_.count(), first, std::min(events_.last_at(), now));
    add_if_due({crowd.value_or(first), "", nullptr});
  }
  return found;
}

bool ChatMerge::is_crowded(const DueJobs& due, const std::string& account) const {
  const auto had_one = [&](const ChatJob* job) { return sent_singly_.contains(job->record().key); };
  if (std::all_of(due.jobs.begin(), due.jobs.end(), had_one)) return false;
  const auto jobs = std::count_if(sent_singly_.begin(), sent_singly_.end(),
                                  [&](const auto& sent) { return sent.first.account == account; });
  return static_cast<std::size_t>(jobs) >= kSentSingly;
}

// When the message about all of the account is due; nullopt: each job has its own. `first` and
// `last`: since when they have been due.
std::optional<Wall> ChatMerge::crowd_due(const std::string& account, std::size_t count, Wall first,
                                         Wall last) {
  if (count > kSentSingly) crowds_.try_emplace(account);
  const auto crowd = crowds_.find(account);
  if (crowd == crowds_.end()) return std::nullopt;
  ChatBurst& burst = crowd->second;
  const auto new_ones = static_cast<std::uint32_t>(count);
  burst.set_new({new_ones, 0, first, last});
  return burst.due_at(burst.record().reported + new_ones, Duration{});
}

// What waits by its own rule, such as an hourly message, is not late.
bool ChatMerge::is_late(const std::vector<Candidate>& found, Wall now) const {
  if (tried_since_ && now > *tried_since_ + kLateAfter) return true;
  return std::any_of(found.begin(), found.end(),
                     [&](const Candidate& one) { return now > one.due + kLateAfter; });
}

ChatDigest ChatMerge::take_digest(const std::map<std::string, DueJobs>& due, Wall now) {
  ChatDigest digest;
  digest.from = digest.to = now;
  bool is_first = true;
  const auto include = [&](Wall first, Wall last) {
    digest.from = is_first ? first : std::min(digest.from, first);
    digest.to = is_first ? last : std::max(digest.to, last);
    is_first = false;
  };
  for (const auto& [account, jobs] : due) {
    for (ChatJob* const job : jobs.jobs) {
      if (const auto times = job->pending_times()) include(times->first, times->second);
      digest.jobs.push_back(take_job(*job));
    }
  }
  if (events_.count() > 0) include(events_.first_at(), events_.last_at());
  ChatEvents events = events_.take_all();
  digest.events = std::move(events.events);
  digest.further_events = events.further.count;
  is_sending_digest_ = true;
  return digest;
}

ChatKept& ChatMerge::muted_by(const Mute& mute) {
  for (MutedRecord& one : muted_) {
    if (one.mute_id == mute.id) return one.kept;
  }
  muted_.push_back({mute.id, {}});
  return muted_.back().kept;
}

const Mute* ChatMerge::mute_of(const Event& event) const {
  const auto mute = std::find_if(mutes_.begin(), mutes_.end(),
                                 [&](const Mute& one) { return covers(one, event); });
  return mute == mutes_.end() ? nullptr : &*mute;
}

// After a restart, an event above one that waits is added again.
bool ChatMerge::is_kept(std::uint64_t event_id) const {
  const auto is_it = [&](const Event& one) { return one.id == event_id; };
  return std::any_of(muted_.begin(), muted_.end(), [&](const MutedRecord& muted) {
    return std::any_of(muted.kept.events.begin(), muted.kept.events.end(), is_it);
  });
}

// Those that waited when the mute began. What is counted only goes to a mute of everything.
void ChatMerge::keep_muted_events() {
  if (mutes_.empty() || events_.count() == 0) return;
  const auto is_muted = [&](const Event& one) { return mute_of(one) != nullptr; };
  for (const Event& event : events_.remove(is_muted)) keep(muted_by(*mute_of(event)), event);
  const auto all = std::find_if(mutes_.begin(), mutes_.end(), &covers_all);
  if (all == mutes_.end()) return;
  keep(muted_by(*all), events_.take_all().further);
  events_.on_sent();
}

void ChatMerge::keep_muted(const Mute& mute, ChatJob& job, Wall now) {
  const auto times = job.pending_times().value_or(std::pair(now, now));
  keep(muted_by(mute), job.take(), times.first, times.second);
  job.on_sent(now, true);
}

MutedRecord* ChatMerge::ended_mute() {
  if (std::any_of(mutes_.begin(), mutes_.end(), &covers_all)) return nullptr;
  const auto concerns = [](const Mute& mute, const MutedRecord& muted) {
    const auto& [from, to, jobs, events, further] = muted.kept;
    return mute.id == muted.mute_id ||
           std::any_of(jobs.begin(), jobs.end(),
                       [&](const KeptJob& job) { return covers(mute, job.key, job.job_name); }) ||
           std::any_of(events.begin(), events.end(),
                       [&](const Event& event) { return covers(mute, event); });
  };
  const auto has_ended = [&](const MutedRecord& muted) {
    return std::none_of(mutes_.begin(), mutes_.end(),
                        [&](const Mute& one) { return concerns(one, muted); });
  };
  const auto found = std::find_if(muted_.begin(), muted_.end(), has_ended);
  return found == muted_.end() ? nullptr : &*found;
}

// With what came since the last message that was due: the numbers include it.
ChatDigest ChatMerge::take_muted(const MutedRecord& muted, const CountsOf& counts_of) {
  ChatKept kept = muted.kept;
  for (const KeptJob& one : muted.kept.jobs) {
    const auto job = jobs_.find(one.key);
    const auto times = job == jobs_.end() ? std::nullopt : job->second.pending_times();
    if (times && job->second.due_at())
      keep(kept, take_job(job->second), times->first, times->second);
  }
  sending_mute_ = muted.mute_id;
  is_sending_digest_ = true;
  return digest_of(kept, ChatDigest::Reason::kMuteEnded, counts_of);
}

AccountNotice ChatMerge::take_account(const std::string& account, const DueJobs& due) {
  take_crowd(account);
  AccountNotice notice;
  notice.account = account;
  for (ChatJob* const job : due.jobs) notice.jobs.push_back(take_job(*job));
  return notice;
}

JobNotice ChatMerge::take_job(ChatJob& job) {
  sending_jobs_.push_back(&job);
  return job.take();
}

void ChatMerge::take_crowd(const std::string& account) {
  crowds_.at(account).take();
  sending_crowd_ = account;
}

void ChatMerge::restore() {
  for (ChatJob* const job : sending_jobs_) job->restore();
  sending_jobs_.clear();
  events_.restore();
  if (sending_crowd_) crowds_.at(*sending_crowd_).restore();
  sending_crowd_.reset();
  is_sending_digest_ = false;
  sending_mute_.reset();
}

void ChatMerge::on_sent(Wall now) {
  const bool settle = sending_crowd_.has_value() || is_sending_digest_;
  for (ChatJob* const job : sending_jobs_) {
    job->on_sent(now, settle);
    if (!settle) sent_singly_[job->record().key] = now;
  }
  sending_jobs_.clear();
  events_.on_sent();
  if (sending_mute_) {
    std::erase_if(muted_, [&](const MutedRecord& one) { return one.mute_id == *sending_mute_; });
  } else if (is_sending_digest_) {
    crowds_.clear();
  }
  if (sending_crowd_ && crowds_.contains(*sending_crowd_)) {
    ChatBurst& burst = crowds_.at(*sending_crowd_);
    burst.on_sent(burst.record().reported + burst.sending_count(), now, false);
    if (burst.record().phase == BurstPhase::kSettled) crowds_.erase(*sending_crowd_);
  }
  sending_crowd_.reset();
  is_sending_digest_ = false;
  sending_mute_.reset();
  tried_since_.reset();
}

std::uint64_t ChatMerge::cursor() const {
  std::uint64_t first = events_.first_pending();
  for (const auto& [key, job] : jobs_) {
    const std::uint64_t id = job.first_pending();
    if (id != 0 && (first == 0 || id < first)) first = id;
  }
  return first == 0 ? last_id_ : first - 1;
}

ChatState ChatMerge::state() const {
  ChatState state;
  state.cursor = cursor();
  const std::uint64_t event = events_.first_pending();
  state.events_covered = event == 0 ? std::max(last_id_, events_covered_) : event - 1;
  for (const auto& [key, job] : jobs_) state.jobs.push_back(job.record());
  state.muted = muted_;
  return state;
}

void ChatMerge::ask_by(Wall at) {
  if (!ask_at_ || at < *ask_at_) ask_at_ = at;
}

}  // namespace taskwatchd
