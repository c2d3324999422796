// A store in memory that passes the same contract suite as the real one. Tests can make commits
// fail, or delay calls before or after they take effect, so that a crash can be placed on either
// side of a commit. Its content outlives the program under test.
// Event-loop thread only. Uses no clock: a new counter gets the latest time in its commit.
#pragma once

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cassert>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "core/types/stored_times.h"
#include "ports.h"

namespace taskwatchd {

class MemoryStore : public Store {
 public:
  // Makes the next `n` commits fail with `error`; nothing of them is stored.
  void fail_next(std::size_t n, StoreError error) {
    failures_ = n;
    failure_ = std::move(error);
  }

  // kBefore: calls wait and have no effect until released. kAfter: calls have their effect at once,
  // but their results wait.
  enum class Hold { kNone, kBefore, kAfter };
  void hold(Hold hold) { hold_ = hold; }
  // Releases the first `n` waiting calls, in order.
  void release(std::size_t n = 1) {
    for (; n > 0 && !held_.empty(); --n) {
      const auto first = std::move(held_.front());
      held_.pop_front();
      first();
    }
  }
  std::size_t held() const { return held_.size(); }
  // Simulates a crash: discards the waiting calls. Those that wait before their effect never
  // happen. Their coroutines stay suspended until their event loop is destroyed.
  void forget_held() { held_.clear(); }

  const std::map<DistributionKey, DistributionRecord>& distributions() const {
    return distributions_;
  }
  const std::map<TaskKey, TaskRecord>& records() const { return records_; }
  const std::map<JobKey, JobRecord>& jobs() const { return jobs_; }
  const std::map<std::uint64_t, Event>& events() const { return events_; }
  std::size_t commits() const { return commits_; }  // successful ones

  Awaitable<std::variant<Committed, StoreError>> commit(Commit commit) override {
    auto action = [this, commit = std::move(commit)] { return apply(commit); };
    return call<Committed>(std::move(action));
  }

  Awaitable<std::variant<Stored, StoreError>> load(std::string account) override {
    auto action = [this, account = std::move(account)] { return read(account); };
    return call<Stored>(std::move(action));
  }

  Awaitable<std::variant<std::vector<TaskRecord>, StoreError>> tasks(
      std::string account, std::vector<std::string> ids) override {
    auto action = [this, account = std::move(account), ids = std::move(ids)] {
      std::vector<TaskRecord> found;
      for (const std::string& id : ids) {
        const auto at = records_.find(TaskKey{account, id});
        if (at != records_.end()) found.push_back(at->second);
      }
      return found;
    };
    return call<std::vector<TaskRecord>>(std::move(action));
  }

  Awaitable<std::variant<std::vector<CounterValue>, StoreError>> counters(
      std::string account, std::vector<std::string> job_ids) override {
    auto action = [this, account = std::move(account), job_ids = std::move(job_ids)] {
      const std::set<std::string> asked(job_ids.begin(), job_ids.end());
      std::vector<CounterValue> found;
      for (const auto& [key, value] : counters_) {
        if (key.account == account && asked.contains(key.job_id)) found.push_back(value);
      }
      return found;
    };
    return call<std::vector<CounterValue>>(std::move(action));
  }

  Awaitable<std::variant<std::vector<TaskRecord>, StoreError>> tasks_of_job(
      JobKey job, std::string after, std::size_t limit) override {
    auto action = [this, job = std::move(job), after = std::move(after), limit] {
      std::vector<TaskRecord> found;
      auto at = records_.upper_bound(TaskKey{job.account, after});
      for (; at != records_.end() && at->first.account == job.account; ++at) {
        if (found.size() >= limit) break;
        if (at->second.last.job_id == job.job_id) found.push_back(at->second);
      }
      return found;
    };
    return call<std::vector<TaskRecord>>(std::move(action));
  }

  Awaitable<std::variant<std::vector<Event>, StoreError>> events_of_task(
      TaskKey task, std::size_t limit) override {
    auto action = [this, task = std::move(task), limit] {
      std::vector<Event> found;
      for (auto at = events_.rbegin(); at != events_.rend() && found.size() < limit; ++at) {
        if (task_of(at->second) == task) found.push_back(at->second);
      }
      std::reverse(found.begin(), found.end());
      return found;
    };
    return call<std::vector<Event>>(std::move(action));
  }

  Awaitable<std::variant<std::vector<Event>, StoreError>> events_after(
      std::uint64_t id, std::size_t limit, std::string account) override {
    auto action = [this, id, limit, account = std::move(account)] {
      std::vector<Event> found;
      for (auto at = events_.upper_bound(id); at != events_.end() && found.size() < limit; ++at) {
        if (account.empty() || task_of(at->second).account == account) {
          found.push_back(at->second);
        }
      }
      return found;
    };
    return call<std::vector<Event>>(std::move(action));
  }

  Awaitable<std::variant<std::uint64_t, StoreError>> cursor(std::string sink) override {
    auto action = [this, sink = std::move(sink)] {
      const auto at = cursors_.find(sink);
      return at == cursors_.end() ? std::uint64_t{0} : at->second;
    };
    return call<std::uint64_t>(std::move(action));
  }

  Awaitable<std::variant<std::optional<SinkState>, StoreError>> sink(std::string name) override {
    auto action = [this, name = std::move(name)] {
      const auto at = sinks_.find(name);
      return at == sinks_.end() ? std::nullopt : std::optional(at->second);
    };
    return call<std::optional<SinkState>>(std::move(action));
  }

  Awaitable<std::variant<std::vector<Mute>, StoreError>> mutes() override {
    auto action = [this] {
      std::vector<Mute> all;
      for (const auto& [id, mute] : mutes_) all.push_back(mute);
      return all;
    };
    return call<std::vector<Mute>>(std::move(action));
  }

  Awaitable<std::variant<std::uint64_t, StoreError>> last_event() override {
    auto action = [this] { return events_.empty() ? std::uint64_t{0} : events_.rbegin()->first; };
    return call<std::uint64_t>(action);
  }

  Awaitable<std::variant<std::monostate, StoreError>> prune(Wall before, Watched watched) override {
    auto action = [this, before, watched = std::move(watched)] { return drop(before, watched); };
    return call<std::monostate>(std::move(action));
  }

 private:
  template <typename Result>
  struct Call {
    explicit Call(const boost::asio::any_io_executor& executor)
        : done(executor, boost::asio::steady_timer::time_point::max()) {}
    boost::asio::steady_timer done;
    std::optional<Result> result;
    bool released = false;
  };

  template <typename Value, typename Action>
  Awaitable<std::variant<Value, StoreError>> call(Action action) {
    using Result = std::variant<Value, StoreError>;
    const auto executor = co_await boost::asio::this_coro::executor;
    // A call made while others wait must queue behind them, or it would overtake them.
    const bool waits = hold_ != Hold::kNone || !held_.empty();
    if (!waits) co_return Result(action());
    const auto waiting = std::make_shared<Call<Result>>(executor);
    if (hold_ == Hold::kAfter) waiting->result.emplace(action());
    const std::weak_ptr<Call<Result>> weak = waiting;
    std::function<void()> go = [weak, action = std::move(action)] {
      const auto here = weak.lock();
      if (!here) return;
      if (!here->result) here->result.emplace(action());
      here->released = true;
      here->done.cancel();
    };
    held_.push_back(std::move(go));
    boost::system::error_code ignored;
    auto token = boost::asio::bind_cancellation_slot(
        boost::asio::cancellation_slot(),
        boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    if (!waiting->released) co_await waiting->done.async_wait(token);
    assert(waiting->result);
    co_return std::move(*waiting->result);
  }

  std::variant<Committed, StoreError> apply(const Commit& commit) {
    if (failures_ > 0) {
      --failures_;
      return failure_;
    }
    for (const Event& event : commit.events) now_ = std::max(now_, event.ts);
    for (const TaskRecord& record : commit.records) now_ = std::max(now_, record.last_seen);
    for (const JobRecord& job : commit.jobs) now_ = std::max(now_, job.last_seen);
    for (const auto& one : commit.distributions) now_ = std::max(now_, one.last_seen);
    for (const StoredTime& stored_time : commit.stored_times) now_ = std::max(now_, stored_time.at);

    Committed committed;
    for (const TaskRecord& record : commit.records) {
      records_[record.key] = record;
      records_[record.key].last.listed = false;  // belongs to the response, not to the task
    }
    for (const JobRecord& job : commit.jobs) jobs_[job.key] = job;
    for (const DistributionRecord& one : commit.distributions) distributions_[one.key] = one;
    for (const Event& event : commit.events) {
      committed.event_ids.push_back(++last_id_);
      events_[last_id_] = event;
      events_[last_id_].id = last_id_;
    }
    for (const auto& [key, add] : commit.counters) {
      const Wall born = births_.try_emplace(JobKey{key.account, key.job_id}, now_).first->second;
      auto& counter = counters_.try_emplace(key, CounterValue{key, 0, born}).first->second;
      counter.value += add;
    }
    for (const StoredTime& stored_time : commit.stored_times)
      marks_[{stored_time.account, stored_time.key}] = stored_time.at;
    for (const auto& [sink, id] : commit.cursors) cursors_[sink] = std::max(cursors_[sink], id);
    for (const SinkState& sink : commit.sinks) {
      const auto [at, fresh] = sinks_.try_emplace(sink.sink, sink);
      if (!fresh && sink.event_id >= at->second.event_id) at->second = sink;
    }
    for (const Mute& mute : commit.mutes) mutes_.insert_or_assign(mute.id, mute);
    ++commits_;
    return committed;
  }

  Stored read(const std::string& account) const {
    Stored stored;
    for (const auto& [key, at] : marks_) {
      if (key.first == account) stored.stored_times.push_back({key.first, key.second, at});
    }
    for (const auto& [key, job] : jobs_) {
      if (key.account == account) stored.jobs.push_back(job);
    }
    for (const auto& [key, one] : distributions_) {
      if (key.account == account) stored.distributions.push_back(one);
    }
    return stored;
  }

  std::monostate drop(Wall before, const Watched& watched) {
    const std::set<TaskKey> keep(watched.tasks.begin(), watched.tasks.end());
    const std::set<JobKey> keep_jobs(watched.jobs.begin(), watched.jobs.end());
    const std::set<DistributionKey> keep_distributions(watched.distributions.begin(),
                                                       watched.distributions.end());
    std::erase_if(distributions_, [&](const auto& item) {
      return item.second.last_seen < before && !keep_distributions.contains(item.first);
    });
    std::erase_if(records_, [&](const auto& item) {
      return item.second.last_seen < before && !keep.contains(item.first) &&
             !keep_jobs.contains({item.first.account, item.second.last.job_id});
    });
    std::erase_if(jobs_, [&](const auto& item) {
      if (item.second.last_seen >= before || keep_jobs.contains(item.first)) return false;
      for (const std::string_view key : kJobTimeKeys) {
        marks_.erase({item.first.account, std::string(key) + item.first.job_id});
      }
      return true;
    });
    std::set<JobKey> left;
    for (const auto& [key, record] : records_) left.insert({key.account, record.last.job_id});
    std::erase_if(counters_, [&](const auto& item) {
      const JobKey job{item.first.account, item.first.job_id};
      return item.second.created < before && !keep_jobs.contains(job) && !jobs_.contains(job) &&
             !left.contains(job);
    });
    std::erase_if(births_, [&](const auto& item) {
      return std::none_of(counters_.begin(), counters_.end(), [&](const auto& counter) {
        return counter.first.account == item.first.account &&
               counter.first.job_id == item.first.job_id;
      });
    });
    std::erase_if(sinks_, [&](const auto& item) { return item.second.at < before; });
    std::erase_if(mutes_, [&](const auto& item) { return item.second.until < before; });
    std::uint64_t got = cursors_.empty() ? 0 : UINT64_MAX;
    for (const auto& [sink, id] : cursors_) got = std::min(got, id);
    std::erase_if(events_, [&](const auto& item) {
      return item.second.ts < before && item.first <= got &&
             !records_.contains(task_of(item.second));
    });
    return {};
  }

  static TaskKey task_of(const Event& event) {
    TaskKey key;
    for (const Field& field : event.fields) {
      const auto* text = std::get_if<std::string>(&field.value);
      if (text && field.name == "account") key.account = *text;
      if (text && field.name == "task_id") key.task_id = *text;
    }
    return key;
  }

  std::map<TaskKey, TaskRecord> records_;
  std::map<DistributionKey, DistributionRecord> distributions_;
  std::map<std::uint64_t, Event> events_;
  std::map<CounterKey, CounterValue> counters_;
  std::map<JobKey, JobRecord> jobs_;
  std::map<JobKey, Wall> births_;  // when each job's counters were created
  std::map<std::pair<std::string, std::string>, Wall> marks_;
  std::map<std::string, std::uint64_t> cursors_;
  std::map<std::string, SinkState> sinks_;
  std::map<std::string, Mute> mutes_;
  std::uint64_t last_id_ = 0;
  Wall now_{};
  std::size_t commits_ = 0;

  std::size_t failures_ = 0;
  StoreError failure_;
  Hold hold_ = Hold::kNone;
  std::deque<std::function<void()>> held_;
};

}  // namespace taskwatchd
