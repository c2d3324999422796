// Produces the response of /metrics: takes a picture of the metrics on the event loop, and writes
// and compresses it on a thread. Large output is shared by clients that request it at about the
// same time. Memory is bounded, whatever clients do. Event-loop thread only.
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/types/time.h"
#include "io/off_loop.h"
#include "io/work_queue.h"
#include "server/content_negotiation.h"
#include "server/metrics_output.h"

namespace taskwatchd {

struct PageLimits {
  // Total of all output being sent, each counted once however many clients receive it. Beyond it no
  // further output is produced; a single one may be larger.
  std::size_t held_bytes = std::size_t{64} * 1024 * 1024;
  // Larger first families are kept compressed, and decompressed while they are sent to a client
  // without gzip.
  std::size_t plain_bytes = std::size_t{4} * 1024 * 1024;
  // Larger output is shared by all clients while it is `fresh`; smaller output is written for each.
  std::size_t shared_bytes = std::size_t{1024} * 1024;
  Duration fresh = std::chrono::seconds(1);
  std::size_t waiting = 64;  // outputs that wait to be written
};

class MetricsPages {
 public:
  using Picture = std::shared_ptr<const MetricsPicture>;
  // Takes one consistent snapshot. May be resumed after this object is destroyed.
  using TakePicture = std::function<boost::asio::awaitable<Picture>()>;

  MetricsPages(const boost::asio::any_io_executor& executor, TakePicture take_picture,
               std::function<Mono()> now, PageLimits limits = {});
  ~MetricsPages();  // waits for the output that is being written, at most 0.5 s

  // Returns the body of one consistent snapshot, taken at most `fresh` before the call. Null if too
  // many bytes are being sent or too many outputs wait. The coroutine must not be resumed after
  // this object is destroyed; the body may be read then.
  boost::asio::awaitable<std::shared_ptr<WebParts>> page(OutputForm form);
  // Releases output that is no longer fresh; clients that are receiving it keep it.
  void drop_old();
  std::size_t held_bytes() const { return *held_; }

 private:
  using Output = std::shared_ptr<const MetricsOutput>;
  struct Making;
  struct Shared {
    Output output;
    Mono taken;
  };
  Output find(OutputForm form) const;
  std::shared_ptr<Making> join(OutputForm form) const;
  std::shared_ptr<Making> begin(OutputForm form);
  static boost::asio::awaitable<void> make(std::shared_ptr<Making> making);
  // Returns false if the output cannot be written.
  bool write(const std::shared_ptr<Making>& making, Picture picture);
  void finish(Making& making);
  bool has_room(OutputForm form) const;
  // The sizes of the last output of a form: expected of the next.
  struct Last {
    std::size_t held_bytes = 0;
    std::size_t text_bytes = 0;
  };
  static std::size_t index(OutputForm form) {
    return 2 * static_cast<std::size_t>(form.format) + (form.gzip ? 1 : 0);
  }

  boost::asio::any_io_executor executor_;
  TakePicture take_picture_;
  std::function<Mono()> now_;
  PageLimits limits_;
  std::shared_ptr<std::size_t> held_ = std::make_shared<std::size_t>(0);  // outlives this object
  std::array<Last, 4> last_;                                              // by index()
  std::vector<Shared> shared_;
  std::vector<std::shared_ptr<Making>> making_;
  std::shared_ptr<Mailbox> mailbox_;
  WorkQueue queue_;
};

}  // namespace taskwatchd
