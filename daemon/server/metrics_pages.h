// Produces the response of /metrics. The text is rendered in parts and compressed immediately, so
// output of hundreds of megabytes is never in memory at once. Large output is shared by clients
// that request it at about the same time. Memory is bounded, whatever clients do. Event-loop thread
// only.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/types/time.h"
#include "io/http/http_server.h"
#include "server/content_negotiation.h"
#include "view/page_writer.h"

namespace taskwatchd {

struct PageLimits {
  // Total of all output being sent, each counted once however many clients receive it. Beyond it no
  // further output is produced; a single one may be larger.
  std::size_t held_bytes = std::size_t{64} * 1024 * 1024;
  // Larger output is kept compressed, and decompressed while it is sent to a client without gzip.
  std::size_t plain_bytes = std::size_t{4} * 1024 * 1024;
  // Larger output is shared by all clients while it is `fresh`; smaller output is rendered for
  // each.
  std::size_t shared_bytes = std::size_t{1024} * 1024;
  Duration fresh = std::chrono::seconds(1);
};

class MetricsPages {
 public:
  // Writes all metrics in text format 0.0.4, in parts of complete lines.
  using Render = std::function<void(TakePart)>;

  MetricsPages(Render render, std::function<Mono()> now, PageLimits limits = {})
      : render_(std::move(render)), now_(std::move(now)), limits_(limits) {}

  struct Page {
    bool gzip = false;
    std::shared_ptr<WebParts> parts;
  };
  // Returns one consistent snapshot, at most `fresh` old. Nullopt if too many bytes are being sent.
  // Only gzip and openmetrics of `negotiated` are used.
  std::optional<Page> page(const ContentNegotiation& negotiated);
  // Releases output that is no longer fresh; clients that are receiving it keep it.
  void drop_old();
  std::size_t held_bytes() const { return *held_; }

 private:
  class Picture;
  class Maker;
  struct Shared {
    std::shared_ptr<const Picture> picture;
    bool openmetrics = false;
    Mono made;
  };
  std::shared_ptr<const Picture> find(const ContentNegotiation& negotiated) const;
  std::shared_ptr<const Picture> make(const ContentNegotiation& negotiated);

  Render render_;
  std::function<Mono()> now_;
  PageLimits limits_;
  std::shared_ptr<std::size_t> held_ = std::make_shared<std::size_t>(0);  // outlives this object
  std::size_t last_plain_ = 0;  // size of the last output in bytes, if uncompressed
  std::size_t last_gzip_ = 0;   // if compressed
  std::vector<Shared> shared_;
};

}  // namespace taskwatchd
