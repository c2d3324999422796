// Which call tells most about the watched jobs of one account: whose statistics (one call shows
// that something ended anywhere in a job), which list of a job and which page of it (fifty tasks a
// call: finds which), whose description. What is missing is what the statistics count and no reply
// has named yet. Pure; time passed in; loop's thread. Reasons with numbers: docs/polling.md.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/polling/list_walk.h"
#include "core/polling/page_order.h"
#include "core/polling/plan_rule.h"
#include "core/polling/poll_slot.h"
#include "core/types/call.h"
#include "core/types/gates.h"
#include "core/types/job.h"
#include "core/types/pace.h"
#include "core/types/time.h"

namespace taskwatchd {

// What is planned for one job, for people. Lists: those with something missing.
struct JobPlan {
  struct List {
    TaskStatus status = TaskStatus::kUnknown;  // kUnknown: the list of all tasks
    std::uint32_t missing = 0;                 // tasks
    Planned next;
  };
  std::string instance;
  bool counted = false;  // its statistics can be had and came
  bool has_statistics = false;
  bool finished = false;
  bool partly = false;
  Planned statistics;
  Mono lists_ready = Mono::min();  // no list of it is read before then
  std::vector<List> lists;         // only with `counted`
};

class JobPlanner {
 public:
  explicit JobPlanner(Pace pace) : pace_(pace) {}

  void set_pace(Pace pace) { pace_ = pace; }
  // Watches a job of that instance. `held` is what is known of its tasks by status. A job that is
  // here moves to that instance and keeps the rest.
  // `partly`: only some tasks of the job are watched, so the lists are read when the statistics
  // move, not until every task is known.
  void add(const std::string& job_id, const std::string& instance, const TaskCounts& held,
           bool partly);
  // REQUIRES: the job is here.
  void move(const std::string& job_id, const std::string& instance);
  void remove(const std::string& job_id);
  bool has(const std::string& job_id) const { return jobs_.contains(job_id); }
  bool empty() const { return jobs_.empty(); }
  // The statistics can be had.
  bool has_statistics() const {
    return usable_[static_cast<std::size_t>(Api::kQueryJobStatistics)];
  }

  // The API is not to be had (denied, or quota 0): the others do without.
  void set_usable(Api api, bool usable);

  // The next call of one API. `gates` says until when each instance is not called.
  NextCall next_statistics(Mono now, const Gates& gates) const;
  NextCall next_page(Mono now, const Gates& gates);
  NextCall next_description(Mono now, const Gates& gates) const;

  // The call is being made. Every call ends with one of the four below; those of a job that is no
  // longer here have no effect.
  void on_sent(const Call& call, Mono now);
  void on_statistics(const Call& call, const JobStatistics& statistics, Mono now);
  void on_description(const Call& call, const JobReply& reply);
  // What became of the walk. `whole_since`: the page ended a whole walk, which began then; what was
  // in the list all that time was shown. `endless`: the list seems to have no end.
  struct PageEnd {
    std::optional<Mono> whole_since;
    bool endless = false;
  };
  // `fresh` of the page's rows were news: first seen, or in another status than held.
  PageEnd on_page(const Call& call, const TaskPage& page, std::size_t fresh, const TaskCounts& held,
                  Mono now);
  // No good reply. That API is not asked for that item before `retry_at`. `refused`: the cloud
  // refused the request itself, so that a page's token may be what is wrong.
  void on_failure(const Call& call, bool refused, Mono retry_at, Mono now);
  // Tasks that left the list of running ones and wait for a QueryTask that says where to: with many
  // waiting there is no use in finding more.
  void set_hints(std::size_t waiting) { hints_ = waiting; }
  // Other replies changed what is known of the job's tasks.
  void set_held(const std::string& job_id, const TaskCounts& held);

  // A task of the job has just reached its own timeout: its end is looked for.
  void expect_timeout(const std::string& job_id, Mono now);

  // What is known of a job's progress. All null or empty for a job that is not here.
  const JobStatistics* statistics_of(const std::string& job_id) const;
  // Tasks that the statistics count in a status in which no reply has shown them; and the reverse.
  std::uint32_t unreconciled(const std::string& job_id) const;
  // A status that we hold more tasks in than there are, for longer than it takes to find where they
  // went: they are to be asked one by one.
  std::optional<TaskStatus> surplus(const std::string& job_id, Mono now) const;
  // Every list was walked to its end, or every task that the statistics count is known.
  bool known_whole(const std::string& job_id) const;
  // All tasks of it are finished, by the statistics (without them: by all that is held).
  bool finished(const std::string& job_id) const;
  // Nothing for a job that is not here. What holds its instance is not looked at.
  std::optional<JobPlan> plan_of(const std::string& job_id, Mono now) const;

 private:
  // A task that has not timed out so long after its timeout was none.
  static constexpr Duration kTimeoutLate = std::chrono::seconds(10);
  // Of ten pages seven are for bad ends while others wait: no page is owed to those before.
  static constexpr unsigned kBadTurns = 7;
  static constexpr unsigned kGoodTurns = 3;
  static constexpr std::size_t kLists = kTaskStatusCount;  // the last is the list of all tasks
  struct Job {
    std::string id;
    std::string instance;
    bool partly = false;
    TaskCounts held{};
    std::optional<JobStatistics> statistics;
    Mono statistics_at = Mono::min();  // received
    Mono counted_at = Mono::min();     // sent, of the newest statistics that came
    PollSlot statistics_poll;
    std::array<ListWalk, kLists> lists;
    std::array<ListWalk, kLists> beside;       // a second walk while the first waits for its page
    std::array<Mono, kLists> missing_since{};  // max(): nothing is missing
    TaskCounts walked{};                       // partly: the statistics when the list was walked
    Mono surplus_since = Mono::max();
    std::deque<Mono> timeouts;  // of tasks that are past their own, until they are seen to end
    std::optional<JobReply> description;
    PollSlot description_poll;
    bool recount = false;     // its description has moved on: the tasks may have, too
    std::uint32_t beats = 0;  // calls while all is finished, in turn for this and that
  };
  // Of what a list would find. kFirst: tasks that were never seen, of any status.
  enum class Class : std::uint8_t { kBad, kEnd, kMove, kFirst };
  struct Candidate {
    const Job* job = nullptr;
    std::size_t list = 0;
    double worth = -1;
    bool beside = false;
  };

  static Class class_of(std::size_t list);
  const Job* find(const std::string& job_id) const;
  Job* find(const std::string& job_id);
  bool is_finished_job(const Job& job) const;
  double unnamed(const Job& job) const;
  bool is_first_sight(const Job& job, std::size_t list) const;
  double missing(const Job& job, std::size_t list, Mono now) const;
  std::size_t shortest(const Job& job, std::size_t list, Mono now) const;
  double worth(const Job& job, std::size_t list, double missing, Mono now) const;
  // When the next call is due, and by which rule: next_* and plan_of both go by these.
  Planned statistics_plan(const Job& job, Mono now) const;
  Planned description_plan(const Job& job, Mono now) const;
  Planned list_plan(const Job& job, std::size_t list, const ListWalk& walk, Mono now) const;
  bool is_descriptions_turn(const Job& job) const;
  double expected_changes(const Job& job, Mono now) const;
  static Call job_call(Api api, const Job& job);
  bool is_stuck(const Job& job, Mono now) const;
  std::uint32_t bound_of(const Job& job, std::size_t list) const;
  void note_missing(Job& job, Mono now);
  bool may_walk_beside(Job& job, std::size_t list, Mono now) const;
  bool wants_whole(const Job& job, const ListWalk& walk) const;
  static ListWalk& walk_of(Job& job, const Call& call);
  Call page_call(Job& job, const Candidate& chosen, Mono now);

  Pace pace_;
  std::map<std::string, Job> jobs_;
  std::array<bool, kAllApis.size()> usable_{true, true, true, true, true, true, true};
  PageOrder order_;  // the account's
  std::size_t hints_ = 0;
  bool both_wait_ = false;  // bad ends and others, when the last page was named
  unsigned owed_ = 0;       // to the others, in sevenths of a page
  unsigned good_turn_ = 0;  // pages that were not for bad ends, to share those
};

}  // namespace taskwatchd
