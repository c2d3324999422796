// A sink for people: merges events into few messages (notify/chat_merge.h) and sends one request at
// a time within the robot's budget. Event-loop thread only.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "notify/chat_merge.h"
#include "notify/chat_message.h"
#include "notify/chat_pace.h"
#include "pipeline/notifier.h"
#include "pipeline/notify_context.h"
#include "pipeline/sink_link.h"
#include "pipeline/sink_reader.h"

namespace taskwatchd {

class ChatNotifier : public Notifier {
 public:
  // REQUIRES: the format is one of a chat. All references must outlive this object.
  ChatNotifier(Ports ports, Recorder& recorder, LocalSecrets& files, const SinkConfig& config,
               NotifyContext context);

  void wake(std::uint64_t last_id) override { reader_.wake(last_id); }
  Awaitable<void> run(std::shared_ptr<Notifier> self) override;
  void stop() override { reader_.stop(); }
  void report(const Event& event) override;
  bool replay(const ReplayRange& range, Wall since) override;
  void on_test_taken() override;
  SinkStatus status() const override;

 private:
  struct Replay {
    ReplayRange range;
    Wall since;
  };

  Awaitable<void> read();
  Awaitable<bool> send_next(Now now);
  Awaitable<void> send(ChatMessage message);
  Awaitable<DeliveryVerdict> post(const ChatMessage& message);  // it must live until the answer
  // Posts it until it is taken or rejected for good. Returns true then.
  Awaitable<bool> post_to_end(const ChatMessage& message);
  Awaitable<void> send_heartbeat();
  Awaitable<void> send_unstored();
  Awaitable<void> send_replay();
  ChatMessage message_of(ChatNext next) const;
  void add_links(JobNotice& notice) const;
  ChatStyle style() const;
  ChatPace& pace();
  bool is_muted() const;
  // The next time of day of the daily line after `now`.
  std::optional<Wall> heartbeat_after(Wall now) const;
  void save(bool at_once);

  Ports ports_;
  Recorder& recorder_;
  SinkLink link_;
  SinkReader reader_;
  NotifyContext context_;
  std::shared_ptr<ChatPace> pace_ = std::make_shared<ChatPace>();  // of the URL, once it is known
  std::optional<ChatMerge> merge_;
  std::map<std::uint64_t, Wall> waiting_;  // events that no message covers yet, by id: when seen
  std::uint32_t rejections_ = 0;           // of the message that is being sent, in a row
  bool rejected_ = false;                  // the last one was, for good
  std::optional<Wall> heartbeat_at_;
  std::optional<Wall> ask_at_;  // when the merge has something next, as far as it is known
  std::deque<Event> unstored_;
  std::optional<Replay> replay_;
};

}  // namespace taskwatchd
