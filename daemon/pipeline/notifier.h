// One sink of notifications: reads stored events after its cursor and brings them to its receiver,
// at least once. It never delays anything else. Event-loop thread only.
#pragma once

#include <memory>

#include "core/types/status.h"
#include "pipeline/sink_reader.h"
#include "ports.h"

namespace taskwatchd {

class Notifier {
 public:
  virtual ~Notifier() = default;
  // Events were stored, up to `last_id` as far as it is known here; or mutes have changed.
  virtual void wake(std::uint64_t last_id) = 0;
  // Runs until stop(); requests in flight may end later. The caller keeps `self` alive.
  virtual Awaitable<void> run(std::shared_ptr<Notifier> self) = 0;
  // Begins no request any more and stores the cursor.
  virtual void stop() = 0;
  // An event that is not stored, such as store_down: sent if the sink accepts it, and not again
  // after a restart.
  virtual void report(const Event& event) = 0;
  // Sends the stored events of this range again that are not older than `since`. False while the
  // replay before is not finished. A restart ends a replay.
  virtual bool replay(const ReplayRange& range, Wall since) = 0;
  // The receiver took test messages, which counts as a success of the sink.
  virtual void on_test_taken() = 0;
  virtual SinkStatus status() const = 0;
};

}  // namespace taskwatchd
