// Merges the events of a chat into few messages. The caller adds the events that the sink accepts,
// in the order of their ids, and asks for the next message whenever it may send one (one request at
// a time; ChatPace is its budget). Pure: no I/O, no clock; times are UTC. Event-loop thread only.
//
// In this order, `next` decides:
//   1. A mute has ended: one digest of what it covered.
//   2. Something has been due for more than 15 min: one digest of all that is due.
//   3. More than five jobs of an account are due, or five had messages within the last minute and
//      another one is due: one message for the account. Its further jobs are merged in the same way
//      as the tasks of a job (ChatBurst), until 30 s bring no more. Events without a job are merged
//      so too.
//   4. Else what has been due for the longest time: a job (ChatJob), or an event without a job.
//
// At least once: `cursor` is the id up to which sent messages cover everything. The caller stores
// `state` with it, and after a restart adds all accepted events above the cursor again; those that
// a message covers already are ignored.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/types/mute.h"
#include "notify/chat_job.h"
#include "notify/chat_kept.h"
#include "notify/chat_message.h"
#include "notify/chat_queue.h"
#include "notify/chat_state.h"

namespace taskwatchd {

inline constexpr Duration kLateAfter = std::chrono::minutes(15);
inline constexpr std::size_t kSentSingly = 5;  // jobs of an account; events without a job
inline constexpr Duration kSentSinglyWithin = std::chrono::minutes(1);

struct ChatNext {
  // The message to send now; monostate: none.
  std::variant<std::monostate, JobNotice, AccountNotice, ChatEvents, ChatDigest> message;
  // Without a message: when to ask again, if no event comes before; nullopt: not at all.
  std::optional<Wall> ask_at;

  bool has_message() const { return !std::holds_alternative<std::monostate>(message); }
};

class ChatMerge {
 public:
  using CountsOf = std::function<std::optional<JobCounts>(const JobKey&)>;

  ChatMerge(const ChatPolicy& policy, const ChatState& state);

  // An event that the sink accepts, or a task_details. REQUIRES: ids rise.
  void add(const Event& event);
  // The mutes of this sink that are active: what is due and what is added is kept for the digest
  // of the first that covers it.
  void set_mutes(std::vector<Mute> active) { mutes_ = std::move(active); }

  // An event that needs no message.
  void skip(std::uint64_t id);

  // The next message, or when to ask. If the message before was not confirmed, it was not sent: its
  // events are in a later message. `counts_of` returns the state of a job, nullopt if it is not
  // watched.
  ChatNext next(Wall now, const CountsOf& counts_of);
  // The service took the message that `next` returned last (or it was dropped for good).
  void on_sent(Wall now);

  std::uint64_t cursor() const;
  ChatState state() const;

 private:
  struct DueJobs {  // of one account
    std::vector<ChatJob*> jobs;
    Wall first;  // since when the first has been due
    Wall last;
    ChatJob* oldest = nullptr;
  };
  // What may be sent next.
  struct Candidate {
    Wall due;
    std::string account;     // "": the events without a job
    ChatJob* job = nullptr;  // null: all of the account
  };

  void restore();
  // The first active mute that covers the event; or null.
  const Mute* mute_of(const Event& event) const;
  bool is_kept(std::uint64_t event_id) const;
  void keep_muted_events();
  void keep_muted(const Mute& mute, ChatJob& job, Wall now);
  ChatKept& muted_by(const Mute& mute);
  // The first one whose mute has ended, and of which no other mute covers anything; or null.
  MutedRecord* ended_mute();
  ChatDigest take_muted(const MutedRecord& muted, const CountsOf& counts_of);
  std::map<std::string, DueJobs> update_jobs(Wall now, const CountsOf& counts_of);
  std::vector<Candidate> candidates(const std::map<std::string, DueJobs>& due, Wall now);
  // True if so many of its jobs had messages a moment ago that further ones are merged.
  bool is_crowded(const DueJobs& due, const std::string& account) const;
  std::optional<Wall> crowd_due(const std::string& account, std::size_t count, Wall first,
                                Wall last);
  bool is_late(const std::vector<Candidate>& found, Wall now) const;
  ChatDigest take_digest(const std::map<std::string, DueJobs>& due, Wall now);
  AccountNotice take_account(const std::string& account, const DueJobs& due);
  JobNotice take_job(ChatJob& job);
  void take_crowd(const std::string& account);
  void ask_by(Wall at);

  ChatPolicy policy_;
  std::uint64_t last_id_ = 0;
  std::map<JobKey, ChatJob> jobs_;
  ChatQueue events_;
  std::uint64_t events_covered_ = 0;  // before the start
  // Of the accounts, and of the events without a job (""), that have too much to send singly.
  std::map<std::string, ChatBurst> crowds_;
  std::map<JobKey, Wall> sent_singly_;  // when a job had its last message, in the last minute

  std::vector<Mute> mutes_;
  std::vector<MutedRecord> muted_;

  // The message that is being sent, and since when one was tried without success.
  std::vector<ChatJob*> sending_jobs_;
  std::optional<std::string> sending_crowd_;
  bool is_sending_digest_ = false;
  std::optional<std::string> sending_mute_;
  std::optional<Wall> tried_since_;

  std::optional<Wall> ask_at_;
};

}  // namespace taskwatchd
