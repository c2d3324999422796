// Follows the distributions of one account: when each is asked for its status, when for its result
// file, what a reply means for it. Two calls: QueryDeviceDistributeJob until it is over, then
// QueryDeviceDistributeDetail for the file. Pure; loop's thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/events/event.h"
#include "core/polling/poll_slot.h"
#include "core/types/api.h"
#include "core/types/distribution.h"
#include "core/types/time.h"

namespace taskwatchd {

class DistributionWatch {
 public:
  explicit DistributionWatch(std::string account) : account_(std::move(account)) {}

  // Watches exactly `ids`, those newly listed from `stored` on. `pace`: one that is not over is
  // asked for its status at most so often. Returns the records of those dropped while their file
  // was fetched, as if that had not begun, to be stored: nothing here hears how it ends.
  std::vector<DistributionRecord> configure(const std::vector<std::string>& ids,
                                            const std::vector<DistributionRecord>& stored,
                                            Duration pace, Now now);
  // Whether QueryDeviceDistributeJob may be called. Where it may not, the file is asked for once a
  // minute until there is one.
  void set_status_usable(bool usable, Now now);

  bool any() const { return !watched_.empty(); }
  bool watches(const std::string& id) const { return watched_.contains(id); }
  bool seen(const std::string& id) const;
  // The fetch that began then is still the one whose end is waited for.
  bool is_fetching(const std::string& id, Wall begun) const;
  // By id. Points into this until the next call that changes it.
  std::vector<const DistributionRecord*> records() const;

  // What is due for that call, or when to look again.
  struct Next {
    std::optional<std::string> id;
    Mono wake = Mono::max();
  };
  Next next(Api api, Now now) const;

  // REQUIRES for all below: the id is watched. `call`: the call's number.
  void asked(Api api, const std::string& id, std::uint64_t call, Now now);
  void failed(Api api, const std::string& id, std::uint64_t call, Mono retry_at);

  // What is to be stored and told.
  struct Verdict {
    std::optional<DistributionRecord> record;
    std::vector<Event> events;
  };
  // A reply that a newer call's has overtaken tells nothing.
  Verdict status(const DistributionReply& reply, std::uint64_t call, Now now);
  // The file to be fetched once `record` is stored; nothing if there is none yet or the last one is
  // still being read.
  struct Fetch {
    Secret url;
    DistributionRecord record;
  };
  std::optional<Fetch> file(const std::string& id, const DistributionFile& file, std::uint64_t call,
                            Now now);
  // REQUIRES for the three below: is_fetching(id, the begin of this fetch).
  // One that was not understood is fetched again after an hour, three times, then once a reload.
  Verdict fetched(const std::string& id, DistributionResult result, Now now);
  // The file could not be had: another link is asked for, at once if this one's time was over.
  // Tells the change and not the repetition.
  struct NotFetched {
    std::optional<DistributionRecord> record;
    std::vector<Event> news;  // not stored
  };
  NotFetched not_fetched(const std::string& id, bool expired, const std::string& why, Now now);
  // The file itself is what fails: it is as one that was not understood.
  Verdict refused(const std::string& id, const std::string& why, Now now);
  // REQUIRES for the rest: nothing.
  // Fetches that an end of the daemon interrupted, found in what was stored. Each is told once.
  std::vector<Verdict> interrupted(Now now);
  // From here on fetches under way count as not begun: the daemon stops, which is no crash.
  // Returns their records, to be stored.
  std::vector<DistributionRecord> unbegin();

 private:
  struct Watched {
    DistributionRecord record;
    Mono status_due = Mono::min();
    Mono file_due = Mono::max();
    PollSlot status_poll;
    PollSlot file_poll;
    std::uint64_t status_shown_by = 0;    // the newest call that was answered
    std::uint64_t file_asked_by = 0;      // the newest call
    std::uint64_t file_used_through = 0;  // replies to calls up to this one are out of date
    std::optional<Wall> fetching;         // since when; its file is not asked for meanwhile
    int empties = 0;                      // replies without a link, running
    int tries = 0;                        // for a file, since the last one that came
    std::string told;                     // why it could not be had
  };
  bool wants_file(const Watched& one) const;
  // Sets when the file is due, of one that is not being fetched.
  void plan_file(Watched& one, bool reload, Now now) const;
  void plan_status(Watched& one, Now now) const;

  std::string account_;
  Duration pace_{};
  bool status_usable_ = true;
  std::map<std::string, Watched> watched_;
};

}  // namespace taskwatchd
