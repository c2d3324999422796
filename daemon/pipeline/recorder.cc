#include "pipeline/recorder.h"

#include <algorithm>
#include <iterator>

#include "core/events/event_fields.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kMaxWaiting = 20'000;  // changes and events; polling pauses beyond it
constexpr Duration kLazy = std::chrono::seconds(5);

template <typename T>
void append(std::vector<T>& to, std::vector<T>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// The later of two records of one thing replaces the earlier one.
template <typename Record, typename Key>
void put(Record& record, std::vector<Record>& records, std::map<Key, std::size_t>& places) {
  const auto [place, fresh] = places.try_emplace(record.key, records.size());
  if (fresh) {
    records.push_back(std::move(record));
  } else {
    records[place->second] = std::move(record);
  }
}

}  // namespace

Recorder::Recorder(Ports ports) : ports_(ports), alarm_(ports.clock.make_alarm()) {}

void Recorder::Group::join(Commit&& part) {
  for (TaskRecord& record : part.records) put(record, commit.records, places);
  for (JobRecord& job : part.jobs) put(job, commit.jobs, job_places);
  for (DistributionRecord& one : part.distributions) {
    put(one, commit.distributions, distribution_places);
  }
  for (StoredTime& stored_time : part.stored_times) {
    std::erase_if(commit.stored_times, [&](const StoredTime& held) {
      return held.account == stored_time.account && held.key == stored_time.key;
    });
    commit.stored_times.push_back(std::move(stored_time));
  }
  for (auto& cursor : part.cursors) {
    std::erase_if(commit.cursors, [&](const auto& held) { return held.first == cursor.first; });
    commit.cursors.push_back(std::move(cursor));
  }
  for (SinkState& sink : part.sinks) {
    std::erase_if(commit.sinks, [&](const SinkState& held) { return held.sink == sink.sink; });
    commit.sinks.push_back(std::move(sink));
  }
  append(commit.mutes, std::move(part.mutes));
  append(commit.events, std::move(part.events));
  append(commit.counters, std::move(part.counters));
}

// Without what belongs to the account, as if it had never been added.
void Recorder::Group::drop(const std::string& account) {
  const auto is_its = [&](const auto& one) { return one.key.account == account; };
  std::erase_if(commit.records, is_its);
  std::erase_if(commit.jobs, is_its);
  std::erase_if(commit.distributions, is_its);
  std::erase_if(commit.counters, is_its);
  std::erase_if(commit.stored_times, [&](const StoredTime& one) { return one.account == account; });
  std::erase_if(commit.sinks,
                [&](const SinkState& one) { return sink_lease(one.sink) == account; });
  std::erase_if(commit.events,
                [&](const Event& one) { return text_field(one, "account") == account; });
  std::erase_if(changes, [&](const TaskChange& one) { return one.record.key.account == account; });
  Commit rest = std::exchange(commit, {});
  places.clear();
  job_places.clear();
  distribution_places.clear();
  commit.id = rest.id;
  join(std::move(rest));
}

bool Recorder::Group::has(const std::string& account) const {
  const auto is_its = [&](const auto& one) { return one.key.account == account; };
  const auto any = [&](const auto& list) { return std::any_of(list.begin(), list.end(), is_its); };
  return any(commit.records) || any(commit.jobs) || any(commit.distributions) ||
         any(commit.counters) ||
         std::any_of(commit.stored_times.begin(), commit.stored_times.end(),
                     [&](const StoredTime& one) { return one.account == account; }) ||
         std::any_of(commit.sinks.begin(), commit.sinks.end(),
                     [&](const SinkState& one) { return sink_lease(one.sink) == account; }) ||
         std::any_of(commit.events.begin(), commit.events.end(),
                     [&](const Event& one) { return text_field(one, "account") == account; });
}

void Recorder::drop(const std::string& account) {
  pending_.drop(account);
  storing_.drop(account);
}

bool Recorder::has_unstored(const std::string& account) const {
  return pending_.has(account) || storing_.has(account);
}

void Recorder::flush() {
  flush_at_ = ports_.clock.now().mono;
  alarm_->ring();
}

void Recorder::add(Commit part, std::vector<TaskChange> changes) {
  for (const TaskChange& change : changes) part.records.push_back(change.record);
  pending_.join(std::move(part));
  append(pending_.changes, std::move(changes));
  pending_.urgent = true;
  alarm_->ring();
}

void Recorder::add_lazily(Commit part) {
  if (part.empty()) return;
  pending_.join(std::move(part));
  if (flush_at_ != Mono::max()) return;
  flush_at_ = ports_.clock.now().mono + kLazy;
  alarm_->ring();
}

bool Recorder::full() const {
  return pending_.to_notify() + storing_.to_notify() >= kMaxWaiting;
}

const TaskRecord* Recorder::unstored(const TaskKey& key) const {
  for (const Group* group : {&pending_, &storing_}) {
    const auto place = group->places.find(key);
    if (place != group->places.end()) return &group->commit.records[place->second];
  }
  return nullptr;
}

const SinkState* Recorder::unstored_sink(const std::string& name) const {
  for (const Group* const group : {&pending_, &storing_}) {
    for (const SinkState& one : group->commit.sinks) {
      if (one.sink == name) return &one;
    }
  }
  return nullptr;
}

std::vector<TaskRecord> Recorder::unstored_of(const JobKey& job) const {
  std::vector<TaskRecord> found;
  for (const Group* group : {&storing_, &pending_}) {  // the later group comes last
    for (const TaskRecord& record : group->commit.records) {
      if (record.key.account == job.account && record.last.job_id == job.job_id) {
        found.push_back(record);
      }
    }
  }
  return found;
}

std::vector<DistributionRecord> Recorder::unstored_distributions(const std::string& account) const {
  std::vector<DistributionRecord> found;
  for (const Group* group : {&storing_, &pending_}) {  // the later group comes last
    for (const DistributionRecord& record : group->commit.distributions) {
      if (record.key.account == account) found.push_back(record);
    }
  }
  return found;
}

void Recorder::stop() {
  stopping_ = true;
  alarm_->ring();
}

Awaitable<std::optional<StoreError>> Recorder::run() {
  for (;;) {
    const bool due = pending_.urgent || flush_at_ <= ports_.clock.now().mono;
    if (!due && !stopping_) {
      co_await alarm_->wait_until(flush_at_);
      continue;
    }
    if (pending_.commit.empty()) {
      if (stopping_) co_return std::nullopt;
      pending_.urgent = false;
      flush_at_ = Mono::max();
      continue;
    }
    storing_ = std::exchange(pending_, Group{});
    storing_.commit.id = ports_.entropy.next();
    flush_at_ = Mono::max();
    std::optional<StoreError> error = co_await store();
    if (error) co_return error;
  }
}

// Retries until the group is stored; gives up if the store is broken or the daemon is stopping.
Awaitable<std::optional<StoreError>> Recorder::store() {
  for (;;) {
    if (storing_.commit.empty()) co_return std::nullopt;  // all of it was dropped
    const Mono begun = ports_.clock.now().mono;
    Commit copy = storing_.commit;
    auto result = co_await ports_.store.commit(std::move(copy));
    if (const auto* committed = std::get_if<Committed>(&result)) {
      store_changed(true, "");
      stored(*committed, ports_.clock.now().mono - begun);
      co_return std::nullopt;
    }
    StoreError error = std::get<StoreError>(std::move(result));
    if (!error.fenced_accounts.empty() && on_fenced_) {
      on_fenced_(error.fenced_accounts);
      for (const std::string& account : error.fenced_accounts) drop(account);
      continue;  // with the rest
    }
    store_changed(false, error.message);
    if (error.kind == StoreError::Kind::kBroken || stopping_) co_return error;
    const Mono retry_at = ports_.clock.now().mono + kStoreRetry;
    while (ports_.clock.now().mono < retry_at && !stopping_) co_await alarm_->wait_until(retry_at);
  }
}

void Recorder::stored(const Committed& committed, Duration took) {
  const Group group = std::exchange(storing_, Group{});
  const Wall now = ports_.clock.now().wall;
  ports_.observer.commit_took(took);
  for (const CounterDelta& delta : group.commit.counters) ports_.observer.counted(delta, now);
  for (const TaskChange& change : group.changes) {
    if (change.changed_while_watched && change.record.last.modified > now) {
      ports_.observer.anomaly(change.record.key.account, Anomaly::kNegativeDelay);
    }
    ports_.observer.committed(change, now);
  }
  if (on_events_ && !committed.event_ids.empty()) on_events_(committed.event_ids.back());
}

void Recorder::store_changed(bool up, const std::string& why) {
  if (up == up_) return;
  up_ = up;
  Event event;
  event.ts = ports_.clock.now().wall;
  event.level = up ? Level::kInfo : Level::kError;
  event.name = up ? "store_up" : "store_down";
  event.msg =
      up ? "state database is writable again; buffered status changes are being saved and delivered"
         : "cannot write to the state database; status changes are buffered in memory and not "
           "delivered; retrying every 1 s: " +
               why;
  if (on_store_change_) on_store_change_(event);
  ports_.log.write(std::move(event));
}

}  // namespace taskwatchd
