// One seeded simulation: a simulated platform, a manually advanced clock, a store with injected
// failures, and the daemon's main path between them, restarted any number of times. Checks the
// invariants while it runs and adds each violation, with its time, to `violations`. One thread; the
// seed determines everything.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "fakes/fake_clock.h"
#include "fakes/fake_entropy.h"
#include "fakes/fake_result_files.h"
#include "fakes/memory_store.h"
#include "pipeline/outbox.h"
#include "pipeline/poller.h"
#include "pipeline/recorder.h"
#include "simulator/model_cloud.h"

namespace taskwatchd {

struct SimOptions {
  enum class Watch { kTasks, kJobs, kBoth };  // kBoth: jobs, and every third task by id
  std::uint64_t seed = 1;
  Watch watch = Watch::kTasks;
  std::uint32_t jobs = 1;
  std::uint32_t tasks = 30;  // of each job
  double rollout_per_minute = 60;
  double quota = 5;        // of each API that is used
  double quota_total = 0;  // as configured, for all APIs together; 0: not set
  double quota_share = 0.8;
  Pace pace;
  iotsim::LifeParameters life;
  std::int64_t timeout_ms = 30 * 60 * 1000;
  Duration one_way = std::chrono::milliseconds(30);
  Duration start_in{};             // time from the world's start to the roll-out
  iotsim::Switches calm{};         // the platform's behaviour without faults
  Duration name_lookup{};          // of the first look-up; all calls wait for it
  bool name_lookup_fails = false;  // whether that look-up fails
};

// Delay from a change on the platform to the commit that records it, in seconds.
struct SimDelays {
  std::vector<double> bad;  // FAILED, REJECTED, TIMED_OUT
  std::vector<double> all;  // every completion
};
double mean(const std::vector<double>& values);

class SimWorld {
 public:
  explicit SimWorld(SimOptions options);
  ~SimWorld();

  // Starts the daemon again with the content of the store.
  void start();
  // Simulates kill -9: everything that is not committed is lost.
  void crash();
  void run(Duration span);

  iotsim::ModelCloud& cloud() { return *cloud_; }
  iotsim::World& content() { return world_; }
  MemoryStore& store() { return store_; }
  std::mt19937_64& random() { return random_; }
  std::int64_t wall_ms() const;
  // Lets time pass while the daemon is down.
  void sleep(Duration span);
  // Sets the clock of the daemon's host; the platform's clock goes on.
  void jump_own_clock(std::chrono::milliseconds by);
  void break_sink(bool broken) { sink_broken_ = broken; }
  // Reloads with another name for the instance, while calls are in flight.
  void rename_instance(const std::string& name);
  void rerun(iotsim::RerunKind kind, std::string_view job = "job-1") {
    world_.rerun(job, wall_ms(), kind);
  }
  // Ends the faults of the platform and of the event log.
  void calm_down();

  // Checks what must be true at any instant. run() calls it after each simulated second.
  void check();
  // Checks what must be true once faults have ended and some time has passed: the recorded status
  // of every task is correct, and every event was delivered.
  void check_converged();

  const std::vector<std::string>& violations() const { return violations_; }
  AccountStatus status() const;
  // Checks for every stored task that its status is correct, or has changed within `late`.
  void check_known(std::chrono::minutes late);
  // Returns the maximum for any one API, counted when calls leave.
  std::size_t most_in_a_second() const;
  std::uint64_t calls() const { return calls_; }
  std::uint64_t calls_of(Api api) const;
  const SimDelays& delays() const { return delays_; }
  std::uint64_t retries() const { return retries_; }
  const std::map<Anomaly, int>& anomalies() const { return anomalies_; }
  // Events that were logged directly, and stored ones.
  std::uint64_t logged_events(const std::string& name) const;

 private:
  struct Life;
  class Http;
  class Keys;
  class Ear;
  class Sink;
  class Voice;

  void violate(std::string what);
  // Returns whether the account's calls in flight are those that the HTTP client carries.
  bool calls_are_accounted_for() const;
  void check_event(const Event& event);
  void check_job_event(const Event& event);
  void check_chain(const TaskRecord& record);
  void note_delay(const TaskChange& change, Wall at);
  bool in_true_history(const std::string& task_id, TaskStatus status, std::int64_t modified_ms,
                       std::int64_t not_after_ms);

  SimOptions options_;
  std::mt19937_64 random_;
  iotsim::World world_;
  std::unique_ptr<iotsim::ModelCloud> cloud_;
  MemoryStore store_;
  AccountConfig config_;
  FakeEntropy entropy_;
  std::unique_ptr<Life> life_;
  Wall born_;                          // wall clock of the next life
  std::int64_t mono_before_us_ = 0;    // from earlier lives, for the platform's clock
  std::chrono::milliseconds ahead_{};  // how far the daemon's clock is ahead
  bool sink_broken_ = false;

  std::vector<std::string> violations_;
  std::uint64_t checked_event_ = 0;
  std::map<std::string, std::string> last_status_;   // by task, from the stored events
  std::map<std::string, std::string> first_status_;  // by task, as the observer received it
  std::map<std::string, std::string> job_status_;    // by job, from the stored events
  std::set<std::string> job_baselines_;
  std::set<std::string> job_ends_;               // jobs with a job_finished
  std::map<std::string, bool> moved_since_end_;  // by job: a transition since the last one
  SimDelays delays_;
  std::set<std::uint64_t> delivered_;
  std::uint64_t calls_ = 0;
  std::uint64_t retries_ = 0;
  std::map<Anomaly, int> anomalies_;
  std::map<std::string, std::uint64_t> told_;
  std::map<std::string, std::vector<std::int64_t>> sends_us_;  // by API
};

}  // namespace taskwatchd
