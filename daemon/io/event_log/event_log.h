// The log: every event as one line on stderr, or as one journal entry with fields of its own.
// Two ways in: write() for diagnostics, which may drop the oldest, counted; sink() for stored
// events, which are never dropped. One own thread writes, so that a stalled pipe or journal never
// holds the loop. The program must ignore SIGPIPE.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "ports.h"

namespace taskwatchd {

enum class LogFormat { kLogfmt, kJson, kJournald };

class EventLog : public Log {
 public:
  // Diagnostics that wait; one more drops the oldest.
  static constexpr std::size_t kWaitingDiagnostics = 8192;
  // Calls of deliver() that wait; one more is told to come again.
  static constexpr std::size_t kWaitingBatches = 64;
  // How long a failed deliver() waits before it says so, that its caller cannot spin.
  static constexpr std::chrono::seconds kPause{1};

  // What is below `lowest` is not written. `fd` is where lines go (not used for kJournald); it
  // stays open and its flags are left alone. Completions come on `executor`, which must outlive
  // this.
  EventLog(boost::asio::any_io_executor executor, LogFormat format, Level lowest, int fd = 2);
  ~EventLog() override;  // as stop(0)

  // Any thread. Never waits for the far end. After stop() it only counts the event as dropped.
  void write(Event event) override;
  // Named "log". deliver() returns true once the last line was handed to the system whole; false,
  // after a pause, if that failed (closed pipe, full disk, no journal), and then some of the events
  // may have been written. Events below `lowest` count as delivered.
  EventSink& sink();

  // Lines written so far, by level in Level's order.
  std::vector<std::uint64_t> written() const;
  // Diagnostics that were never written: pushed out of the queue, or the write failed.
  std::uint64_t dropped() const;
  // Events and diagnostics that wait to be written.
  std::size_t pending() const;

  // Writes what waits for at most `bound`, then gives up the rest: deliver() returns false, and
  // diagnostics count as dropped. Blocks for at most `bound` and half a second. False if it did not
  // get through in time.
  bool stop(std::chrono::milliseconds bound);

 private:
  struct Shared;
  class Sink;

  std::shared_ptr<Shared> shared_;
  std::unique_ptr<Sink> sink_;
};

// Whether stderr leads to the journal, as $JOURNAL_STREAM tells.
bool stderr_is_journal();

}  // namespace taskwatchd
