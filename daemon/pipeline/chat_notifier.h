// A sink for people: merges events into few messages (notify/chat_merge.h) and sends one request at
// a time within the robot's budget. Event-loop thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "notify/chat_merge.h"
#include "notify/chat_message.h"
#include "notify/chat_pace.h"
#include "pipeline/notifier.h"
#include "pipeline/sink_link.h"
#include "pipeline/sink_reader.h"

namespace taskwatchd {

// What messages say beyond the events.
struct ChatContext {
  // The state of a job that is watched here.
  std::function<std::optional<JobCounts>(const JobKey&)> counts_of;
  // The daily line.
  std::function<ChatHeartbeat()> heartbeat;
  // Offset of local time in minutes; an empty zone is the host's.
  std::function<int(const std::string& zone, Wall at)> utc_offset;
  std::string external_url;  // without a final slash; empty: messages have no links
};

class ChatNotifier : public Notifier {
 public:
  // REQUIRES: the format is one of a chat. All references must outlive this object.
  ChatNotifier(Ports ports, Recorder& recorder, LocalSecrets& files, const SinkConfig& config,
               ChatContext context);

  void wake(std::uint64_t last_id) override { reader_.wake(last_id); }
  Awaitable<void> run(std::shared_ptr<Notifier> self) override;
  void stop() override { reader_.stop(); }
  SinkStatus status() const override;

 private:
  Awaitable<void> read();
  Awaitable<void> send(ChatMessage message);
  Awaitable<DeliveryVerdict> post(const ChatMessage& message);  // it must live until the answer
  Awaitable<void> send_heartbeat(Wall due);
  ChatMessage message_of(ChatNext next) const;
  void add_links(JobNotice& notice) const;
  ChatStyle style() const;
  // The next time of day of the daily line after `now`.
  std::optional<Wall> heartbeat_after(Wall now) const;
  void save(bool at_once);

  Ports ports_;
  SinkLink link_;
  SinkReader reader_;
  ChatContext context_;
  ChatPace pace_;
  std::optional<ChatMerge> merge_;
  std::map<std::uint64_t, Wall> waiting_;  // events that no message covers yet, by id: when seen
  std::uint32_t rejections_ = 0;           // of the message that is being sent, in a row
  std::optional<Wall> heartbeat_at_;
};

}  // namespace taskwatchd
