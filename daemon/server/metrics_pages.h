// The page of /metrics as it leaves: rendered part by part and packed on the way, so that a page of
// hundreds of megabytes never stands in memory as a whole; shared by those who ask for a large one
// at about the same time; bounded, whatever clients do with it. Loop's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/types/time.h"
#include "io/http/http_server.h"
#include "server/web_wishes.h"
#include "view/page_writer.h"

namespace taskwatchd {

struct PageLimits {
  // Of pages that somebody still takes, each counted once however many take it. Beyond, there is no
  // further page; but one alone may be as large as it is.
  std::size_t held_bytes = std::size_t{64} * 1024 * 1024;
  // A larger page is held packed, and unpacked for a client that wants it plain as he takes it.
  std::size_t plain_bytes = std::size_t{4} * 1024 * 1024;
  // A larger page is given to all who ask for it while it is `fresh`; a smaller one is made again.
  std::size_t shared_bytes = std::size_t{1024} * 1024;
  Duration fresh = std::chrono::seconds(1);
};

class MetricsPages {
 public:
  // Hands on the whole page in the text format 0.0.4, in parts of whole lines.
  using Render = std::function<void(TakePart)>;

  MetricsPages(Render render, std::function<Mono()> now, PageLimits limits = {})
      : render_(std::move(render)), now_(std::move(now)), limits_(limits) {}

  struct Page {
    bool gzip = false;
    std::shared_ptr<WebParts> parts;
  };
  // One consistent picture of this moment, or of one not longer ago than `fresh`. Nothing: as many
  // bytes are on their way as may be. Only gzip and openmetrics of the wishes matter.
  std::optional<Page> page(const WebWishes& wishes);
  // Lets go of what is not fresh any more; those who take it keep it.
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
  std::shared_ptr<const Picture> find(const WebWishes& wishes) const;
  std::shared_ptr<const Picture> make(const WebWishes& wishes);

  Render render_;
  std::function<Mono()> now_;
  PageLimits limits_;
  std::shared_ptr<std::size_t> held_ = std::make_shared<std::size_t>(0);  // outlives this
  std::size_t last_plain_ = 0;  // bytes that the last page took, wished plain
  std::size_t last_gzip_ = 0;   // and packed
  std::vector<Shared> shared_;
};

}  // namespace taskwatchd
