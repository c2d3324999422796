// Polls the distributions of one account: when the status and when the result file of each is due,
// and what a response means. Two APIs: QueryDeviceDistributeJob until it is finished, then
// QueryDeviceDistributeDetail for the file. No I/O. Event-loop thread only.
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

  // Watches exactly `ids`; newly listed ones start from `stored`. `pace`: minimum poll interval of
  // an unfinished distribution's status. Returns the records of removed distributions whose file
  // was being downloaded, marked as not started, to be stored: their outcome is not reported here.
  std::vector<DistributionRecord> configure(const std::vector<std::string>& ids,
                                            const std::vector<DistributionRecord>& stored,
                                            Duration pace, Now now);
  // Sets whether QueryDeviceDistributeJob may be called. If not, the file is requested once a
  // minute until there is one.
  void set_status_usable(bool usable, Now now);

  bool any() const { return !watched_.empty(); }
  bool watches(const std::string& id) const { return watched_.contains(id); }
  bool seen(const std::string& id) const;
  // Returns true if the download that began at `begun` is still the current one.
  bool is_fetching(const std::string& id, Wall begun) const;
  // Ordered by id. The pointers are valid until the next non-const call.
  std::vector<const DistributionRecord*> records() const;

  // What is due for that API, or when to check again.
  struct Next {
    std::optional<std::string> id;
    Mono wake = Mono::max();
  };
  Next next(Api api, Now now) const;

  // REQUIRES for all below: the id is watched. `call`: the call's number.
  void asked(Api api, const std::string& id, std::uint64_t call, Now now);
  void failed(Api api, const std::string& id, std::uint64_t call, Mono retry_at);

  // What to store and publish.
  struct Update {
    std::optional<DistributionRecord> record;
    std::vector<Event> events;
  };
  // Ignores a response that a newer call's response has overtaken.
  Update status(const DistributionReply& reply, std::uint64_t call, Now now);
  // The file to download once `record` is stored; nullopt if there is none yet or the last one is
  // still being downloaded.
  struct Fetch {
    Secret url;
    DistributionRecord record;
  };
  std::optional<Fetch> file(const std::string& id, const DistributionFile& file, std::uint64_t call,
                            Now now);
  // REQUIRES for the three below: is_fetching(id, the start of this download).
  // A file that was not understood is downloaded again after 1 h, three times, then once per
  // reload.
  Update fetched(const std::string& id, DistributionResult result, Now now);
  // The download failed: a new link is requested, at once if the link had expired. Logs a changed
  // reason, not its repetition.
  struct NotFetched {
    std::optional<DistributionRecord> record;
    std::vector<Event> events;  // not stored
  };
  NotFetched not_fetched(const std::string& id, bool expired, const std::string& why, Now now);
  // The file itself causes the failure: treated like a file that was not understood.
  Update refused(const std::string& id, const std::string& why, Now now);
  // The functions below have no preconditions.
  // Returns downloads that a crash interrupted, found in the stored records. Each is reported once.
  std::vector<Update> interrupted(Now now);
  // The daemon is stopping, which is no crash: downloads in progress count as not started from here
  // on. Returns their records, to be stored.
  std::vector<DistributionRecord> unbegin();

 private:
  struct Watched {
    DistributionRecord record;
    Mono status_due = Mono::min();
    Mono file_due = Mono::max();
    PollSlot status_poll;
    PollSlot file_poll;
    std::uint64_t status_shown_by = 0;    // the newest call with a response
    std::uint64_t file_asked_by = 0;      // the newest call
    std::uint64_t file_used_through = 0;  // responses to calls up to this one are out of date
    std::optional<Wall> fetching;         // since when; no file is requested meanwhile
    int empties = 0;                      // consecutive responses without a link
    int tries = 0;                        // for a file, since the last successful download
    std::string logged_problem;           // why the download failed
  };
  bool wants_file(const Watched& one) const;
  // Sets when the file is due, for a distribution that is not being downloaded.
  void plan_file(Watched& one, bool reload, Now now) const;
  void plan_status(Watched& one, Now now) const;

  std::string account_;
  Duration pace_{};
  bool status_usable_ = true;
  std::map<std::string, Watched> watched_;
};

}  // namespace taskwatchd
