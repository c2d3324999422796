#include "notify/chat_job.h"

#include <algorithm>

#include "core/events/event_fields.h"
#include "notify/chat_words.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kNamedDevices = 3;
// With the time until a failure is detected, the first message is sent within 2 s of it.
constexpr Duration kDeviceMessageWait = std::chrono::milliseconds(1200);
// How long a job that is over waits for its job_finished, which has the same news.
constexpr Duration kFinishWait = std::chrono::seconds(30);
// How long a job that is not watched any more is remembered.
constexpr Duration kForgetAfter = std::chrono::hours(24);

Wall plus(Wall at, Duration by) {
  return at + std::chrono::duration_cast<std::chrono::milliseconds>(by);
}

std::optional<JobNoticeKind> fact_kind(const Event& event) {
  if (event.name == "job_stalled") return JobNoticeKind::kStalled;
  if (event.name == "job_transition") return JobNoticeKind::kTimedOut;
  if (event.name == "job_finished") return JobNoticeKind::kFinished;
  return std::nullopt;
}

std::int64_t attempt_of(const Event& event) {
  const FieldValue* const value = find_field(event, "attempt");
  const auto* const number = value == nullptr ? nullptr : std::get_if<std::int64_t>(value);
  return number == nullptr ? 1 : *number;
}

template <typename Item>
void prepend(std::vector<Item>& items, std::vector<Item>& earlier) {
  items.insert(items.begin(), std::make_move_iterator(earlier.begin()),
               std::make_move_iterator(earlier.end()));
  earlier.clear();
}

}  // namespace

ChatJob::ChatJob(ChatJobRecord record)
    : record_(std::move(record)),
      failures_(record_.failures),
      overdue_(record_.overdue),
      last_id_(record_.covered) {}

void ChatJob::add(const Event& event) {
  if (event.id <= last_id_) return;
  last_id_ = event.id;
  instance_ = text_field(event, "iot_instance");
  if (const std::string_view job_name = text_field(event, "job_name"); !job_name.empty()) {
    job_name_ = job_name;
  }
  if (const auto fact = fact_kind(event)) {
    facts_.push_back({*fact, event.id, event.ts});
  } else if (event.name == "task_overdue") {
    overdue_.add(event.id, event.ts);
    add_device(event);
  } else {
    add_failure(event);
  }
}

void ChatJob::add_failure(const Event& event) {
  const std::int64_t attempt = attempt_of(event);
  if (attempt > record_.attempt) {
    // A rerun failed too, which somebody waits for.
    record_.attempt = attempt;
    failures_.lower_to(0);
    failures_.restart();
  }
  failures_.add(event.id, event.ts);
  add_device(event);
}

void ChatJob::add_device(const Event& event) {
  if (devices_.size() == kNamedDevices) return;
  const std::string_view to = text_field(event, "to");
  ChatDevice device;
  device.task_id = text_field(event, "task_id");
  device.name = text_field(event, "device_name");
  device.message = text_field(event, "status_message");
  device.status = parse_task_status(to.empty() ? text_field(event, "status") : to);
  device.changed_at = parse_utc(text_field(event, "modified_at"));
  device.seen_at = parse_utc(text_field(event, "observed_at"));
  devices_.push_back(std::move(device));
}

void ChatJob::add_details(const Event& event) {
  for (std::vector<ChatDevice>* const devices : {&devices_, &devices_sending_}) {
    for (ChatDevice& device : *devices) {
      if (device.task_id == text_field(event, "task_id") && device.message.empty()) {
        device.message = text_field(event, "status_message");
      }
    }
  }
}

void ChatJob::update(const std::optional<JobCounts>& counts, const ChatPolicy& policy, Wall now) {
  failures_.clamp(now);
  overdue_.clamp(now);
  for (Fact& fact : facts_) fact.at = std::min(fact.at, now);

  counts_ = counts;
  const bool is_new = failures_.fresh().count > 0;
  if (counts) {
    size_ = {bad_of(counts->tasks), total_of(counts->tasks)};
    failures_.lower_to(static_cast<std::uint32_t>(size_.bad));
    // The counts may be older than the event.
    if (is_new && failures_.record().reported == 0) size_.bad = std::max<std::size_t>(1, size_.bad);
  } else {
    size_ = {std::size_t{failures_.record().reported} + failures_.fresh().count, 0};
  }
  if (counts && counts->overdue) {
    overdue_now_ = *counts->overdue;
    overdue_.lower_to(overdue_now_);
    if (overdue_.fresh().count > 0 && overdue_.record().reported == 0) {
      overdue_now_ = std::max(1u, overdue_now_);
    }
  } else {
    overdue_now_ = overdue_.record().reported + overdue_.fresh().count;
  }
  may_report_ = size_.bad > 0 && reaches(policy.from, size_);
  // Overdue tasks have the same threshold as bad ones.
  may_report_overdue_ = overdue_now_ > 0 && reaches(policy.from, {overdue_now_, size_.total});
  may_mention_ = !record_.mentioned && reaches(policy.mention, size_);

  over_ = counts && size_.bad == 0 && !is_new && unfinished_of(counts->tasks) == 0;
  if (!over_ || !record_.open) {
    over_since_.reset();
  } else if (!over_since_ || *over_since_ > now) {
    over_since_ = now;
  }
  drop_unneeded(policy, now);
}

void ChatJob::drop_unneeded(const ChatPolicy& policy, Wall now) {
  const bool has_more =
      size_.bad > failures_.record().reported || failures_.record().phase == BurstPhase::kFirst;
  if (failures_.is_quiet(now) && !(may_report_ && has_more)) {
    failures_.discard_new();
    devices_.clear();
  }
  const bool has_more_overdue =
      overdue_now_ > overdue_.record().reported || overdue_.record().phase == BurstPhase::kFirst;
  if (overdue_.is_quiet(now) && !(may_report_overdue_ && has_more_overdue)) overdue_.discard_new();
  // A chat for large failures is not notified that small jobs finished.
  const bool wants_all = policy.from == BadShare{};
  if (wants_all || may_report_ || record_.open) return;
  std::erase_if(facts_, [](const Fact& fact) { return fact.kind == JobNoticeKind::kFinished; });
}

Duration ChatJob::hold() const {
  const bool has_message = std::any_of(devices_.begin(), devices_.end(),
                                       [](const ChatDevice& one) { return !one.message.empty(); });
  return has_message ? Duration{} : kDeviceMessageWait;
}

std::optional<Wall> ChatJob::due_at() const {
  std::optional<Wall> due;
  const auto earliest = [&](std::optional<Wall> at) {
    if (at && (!due || *at < *due)) due = at;
  };
  const auto bad = static_cast<std::uint32_t>(size_.bad);
  if (may_report_) earliest(failures_.due_at(bad, hold()));
  if (may_report_overdue_) earliest(overdue_.due_at(overdue_now_, Duration{}));
  const bool awaits_message =
      failures_.fresh().count > 0 && failures_.record().phase == BurstPhase::kFirst;
  for (const Fact& fact : facts_) earliest(plus(fact.at, awaits_message ? hold() : Duration{}));
  if (over_since_) earliest(plus(*over_since_, kFinishWait));
  return due;
}

JobNoticeKind ChatJob::kind() const {
  JobNoticeKind most = JobNoticeKind::kStalled;
  for (const Fact& fact : facts_) most = std::max(most, fact.kind);
  if (!facts_.empty()) return most;
  if (failures_.fresh().count > 0 && may_report_) return JobNoticeKind::kFailures;
  return overdue_.fresh().count > 0 && may_report_overdue_ ? JobNoticeKind::kOverdue
                                                           : JobNoticeKind::kRecovered;
}

JobNotice ChatJob::take() {
  JobNotice notice;
  notice.kind = kind();
  notice.account = record_.key.account;
  notice.job_id = record_.key.job_id;
  notice.bad = static_cast<std::uint32_t>(size_.bad);
  notice.newly_bad = notice.bad - std::min(notice.bad, failures_.record().reported);
  notice.overdue = overdue_now_;
  notice.devices = devices_;
  notice.may_mention = may_mention_;
  notice.instance = instance_;
  notice.job_name = job_name_;
  if (counts_) {
    notice.instance = counts_->instance;
    notice.job_name = counts_->job_name;
    notice.counts = counts_->tasks;
  }
  // What is below the threshold goes on waiting.
  covers_failures_ = may_report_;
  covers_overdue_ = may_report_overdue_;
  if (covers_failures_) failures_.take();
  if (covers_overdue_) overdue_.take();
  facts_sending_ = std::move(facts_);
  facts_.clear();
  devices_sending_ = std::move(devices_);
  devices_.clear();
  sending_ = notice;
  return notice;
}

void ChatJob::restore() {
  failures_.restore();
  overdue_.restore();
  prepend(facts_, facts_sending_);
  prepend(devices_, devices_sending_);
  if (devices_.size() > kNamedDevices) devices_.resize(kNamedDevices);
}

void ChatJob::on_sent(Wall now, bool settle) {
  const bool finished = sending_.kind == JobNoticeKind::kFinished;
  if (covers_failures_) failures_.on_sent(sending_.bad, now, settle || finished);
  if (covers_overdue_) overdue_.on_sent(sending_.overdue, now, settle || finished);
  facts_sending_.clear();
  devices_sending_.clear();
  if (covers_failures_) record_.open = true;
  if (covers_failures_ && sending_.may_mention) record_.mentioned = true;
  const bool is_over =
      sending_.kind == JobNoticeKind::kRecovered || (finished && sending_.bad == 0);
  if (is_over) {
    record_.open = false;
    record_.mentioned = false;
    over_since_.reset();
    failures_.lower_to(0);
    failures_.restart();
  }
}

std::uint64_t ChatJob::first_pending() const {
  std::uint64_t first = 0;
  const auto earliest = [&](std::uint64_t id) {
    if (id != 0 && (first == 0 || id < first)) first = id;
  };
  if (failures_.has_pending()) earliest(failures_.first_pending());
  if (overdue_.has_pending()) earliest(overdue_.first_pending());
  for (const Fact& fact : facts_) earliest(fact.id);
  for (const Fact& fact : facts_sending_) earliest(fact.id);
  return first;
}

std::optional<std::pair<Wall, Wall>> ChatJob::pending_times() const {
  std::optional<std::pair<Wall, Wall>> times;
  const auto include = [&](Wall first, Wall last) {
    if (!times) times.emplace(first, last);
    times->first = std::min(times->first, first);
    times->second = std::max(times->second, last);
  };
  for (const ChatBurst* const burst : {&failures_, &overdue_}) {
    if (burst->fresh().count > 0) include(burst->fresh().first_at, burst->fresh().last_at);
  }
  for (const Fact& fact : facts_) include(fact.at, fact.at);
  return times;
}

bool ChatJob::is_done(std::uint64_t cursor, Wall now) const {
  if (first_pending() != 0 || last_id_ > cursor) return false;
  const bool is_remembered =
      record_.open || failures_.record().reported > 0 || overdue_.record().reported > 0;
  const Wall sent_at = std::max(failures_.record().sent_at, overdue_.record().sent_at);
  return !is_remembered || (!counts_ && now >= plus(sent_at, kForgetAfter));
}

ChatJobRecord ChatJob::record() const {
  ChatJobRecord record = record_;
  record.failures = failures_.record();
  record.overdue = overdue_.record();
  const std::uint64_t first = first_pending();
  record.covered = first == 0 ? last_id_ : first - 1;
  return record;
}

}  // namespace taskwatchd
