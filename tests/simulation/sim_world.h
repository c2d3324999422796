// One seeded world: a simulated platform, a manually advanced clock, a store with injected
// failures, and the daemon's main path between them, restarted any number of times. Checks the
// invariants while it runs; violated ones are in `violations`, with their time. One thread; the
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
  enum class Watch { kTasks, kJobs, kBoth };  // kBoth: jobs, and every third task by its id too
  std::uint64_t seed = 1;
  Watch watch = Watch::kTasks;
  std::uint32_t jobs = 1;
  std::uint32_t tasks = 30;  // of each job
  double rollout_per_minute = 60;
  double quota = 5;        // of each API that is used
  double quota_total = 0;  // as configured: of all APIs together; 0: not
  double quota_share = 0.8;
  Pace pace;
  iotsim::LifeParameters life;
  std::int64_t timeout_ms = 30 * 60 * 1000;
  Duration one_way = std::chrono::milliseconds(30);
  Duration start_in{};             // the roll-out begins so long after the world
  iotsim::Switches calm{};         // the cloud's behaviour when nothing is wrong
  Duration name_lookup{};          // of the first name look-up; calls wait for it together
  bool name_lookup_fails = false;  // that one
};

// From the cloud's change to the commit that shows it, in seconds.
struct SimDelays {
  std::vector<double> bad;  // FAILED, REJECTED, TIMED_OUT
  std::vector<double> all;  // every end
};
double mean(const std::vector<double>& values);

class SimWorld {
 public:
  explicit SimWorld(SimOptions options);
  ~SimWorld();

  // Starts the program (a new life) with what the store holds.
  void start();
  // Simulates kill -9: everything that is not committed is lost.
  void crash();
  void run(Duration span);

  iotsim::ModelCloud& cloud() { return *cloud_; }
  iotsim::World& content() { return world_; }
  MemoryStore& store() { return store_; }
  std::mt19937_64& random() { return random_; }
  std::int64_t wall_ms() const;
  // Time passes while the program is down.
  void sleep(Duration span);
  // The program's machine has its clock set; the cloud's goes on.
  void jump_own_clock(std::chrono::milliseconds by);
  void break_sink(bool broken) { sink_broken_ = broken; }
  // A reload that gives the instance another name, with calls under way.
  void rename_instance(const std::string& name);
  void rerun(iotsim::RerunKind kind, std::string_view job = "job-1") {
    world_.rerun(job, wall_ms(), kind);
  }
  // The cloud behaves again, and so does the log.
  void calm_down();

  // Holds what can be said at any instant; called by run() after each simulated second.
  void check();
  // Holds what must be true once faults have ended and some time has passed: every task is known
  // as it is, every event was delivered.
  void check_converged();

  const std::vector<std::string>& violations() const { return violations_; }
  AccountStatus status() const;
  // Holds for every stored task: it is known as it is, or has changed within `late`.
  void check_known(std::chrono::minutes late);
  // Of any one API, counted when calls leave.
  std::size_t most_in_a_second() const;
  std::uint64_t calls() const { return calls_; }
  std::uint64_t calls_of(Api api) const;
  const SimDelays& delays() const { return delays_; }
  std::uint64_t retries() const { return retries_; }
  const std::map<Anomaly, int>& anomalies() const { return anomalies_; }
  std::uint64_t logged_events(const std::string& name) const;

 private:
  struct Life;
  class Http;
  class Keys;
  class Ear;
  class Sink;
  class Voice;

  void violate(std::string what);
  // The account's calls under way are those that the wire carries.
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
  std::int64_t mono_before_us_ = 0;    // of earlier lives, for the cloud's clock
  std::chrono::milliseconds ahead_{};  // the program's clock, of the cloud's
  bool sink_broken_ = false;

  std::vector<std::string> violations_;
  std::uint64_t checked_event_ = 0;
  std::map<std::string, std::string> last_status_;   // by task, from the stored events
  std::map<std::string, std::string> first_status_;  // by task, as the observer was told
  std::map<std::string, std::string> job_status_;    // by job, from the stored events
  std::set<std::string> job_baselines_;
  SimDelays delays_;
  std::set<std::uint64_t> delivered_;
  std::uint64_t calls_ = 0;
  std::uint64_t retries_ = 0;
  std::map<Anomaly, int> anomalies_;
  std::map<std::string, std::uint64_t> told_;
  std::map<std::string, std::vector<std::int64_t>> sends_us_;  // by API
};

}  // namespace taskwatchd
