// The log: each event is one line on stderr, or one journal entry with native fields. Two inputs:
// write() for diagnostics, which drops the oldest when full and counts them; sink() for stored
// events, which are never dropped. A separate thread writes, so that a stalled pipe or journal
// never blocks the event loop. The program must ignore SIGPIPE.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "config/run_options.h"
#include "ports.h"

namespace taskwatchd {

enum class LogFormat { kLogfmt, kJson, kJournald };

class EventLog : public Log {
 public:
  // Maximum number of queued diagnostics; one more drops the oldest.
  static constexpr std::size_t kWaitingDiagnostics = 8192;
  // Maximum number of waiting deliver() calls; one more is asked to retry.
  static constexpr std::size_t kWaitingBatches = 64;
  // Delay before a failed deliver() returns, so that its caller cannot spin.
  static constexpr std::chrono::seconds kPause{1};

  // Events below `lowest` are not written. `fd` is where lines go (unused for kJournald); it stays
  // open and its flags are not changed. Completions run on `executor`, which must outlive this
  // object.
  EventLog(boost::asio::any_io_executor executor, LogFormat format, Level lowest, int fd = 2);
  ~EventLog() override;  // same as stop(0)

  // Any thread. Never waits for the log's reader. After stop() it only counts the event as dropped.
  void write(Event event) override;
  // The sink named "log". deliver() returns true once the last line was passed to the system
  // completely. It returns false, after a pause, if that failed (closed pipe, full disk, no
  // journal); some of the events may then have been written. Events below `lowest` count as
  // delivered.
  EventSink& sink();

  // Lines written so far, indexed by Level.
  std::vector<std::uint64_t> written() const;
  // Diagnostics never written: dropped from the queue, or the write failed.
  std::uint64_t dropped() const;
  // Events and diagnostics waiting to be written.
  std::size_t pending() const;

  // Writes the queue for at most `bound`, then abandons the rest: deliver() returns false, and
  // diagnostics count as dropped. Blocks for at most `bound` plus 0.5 s. Returns false if it did
  // not finish in time.
  bool stop(std::chrono::milliseconds bound);

 private:
  struct Shared;
  class Sink;

  std::shared_ptr<Shared> shared_;
  std::unique_ptr<Sink> sink_;
};

// Returns whether stderr is connected to the journal, according to $JOURNAL_STREAM.
bool stderr_is_journal();
// The format to write; kAuto depends on whether stderr is the journal.
LogFormat log_format(LogFormatChoice choice);

}  // namespace taskwatchd
