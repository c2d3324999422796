// The metrics output of one picture in one form, as it is sent: immutable, and shared by all
// clients that receive it. The lines of tasks are not in memory: plain text is written from the
// blocks of tasks part by part while it is sent, and compressed text consists of gzip members of
// one family of one block each, which later outputs share while those lines are the same.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "io/http/gzip.h"
#include "io/http/http_server.h"
#include "view/metrics_picture.h"

namespace taskwatchd {

struct OutputForm {
  MetricsFormat format = MetricsFormat::kText;
  bool gzip = false;
  bool operator==(const OutputForm&) const = default;
};

class MetricsOutput {
 public:
  // Writes the picture: takes as long as its lines are many, so it must run off the event loop.
  // Only one thread at a time may do this, because outputs share TaskBlock::written(). First
  // families of more than `plain_bytes` are kept compressed in plain outputs, too.
  MetricsOutput(const MetricsPicture& picture, OutputForm form, std::size_t plain_bytes);

  OutputForm form() const { return form_; }
  std::size_t bytes() const { return bytes_; }            // to be sent
  std::size_t text_bytes() const { return text_bytes_; }  // uncompressed
  // Memory that no earlier output holds: first families, and what has changed since then.
  std::size_t held_bytes() const { return held_bytes_; }

  // Returns a body that produces the output. Any number of them may be read at the same time.
  static std::shared_ptr<WebParts> body(std::shared_ptr<const MetricsOutput> output);

 private:
  friend class OutputBody;
  // Ready bytes or, if there are none, lines of a block.
  struct Piece {
    std::shared_ptr<const std::string> bytes;
    const TaskBlock* block = nullptr;
    std::size_t family = 0;
  };
  void write_first(const MetricsPicture& picture, std::size_t plain_bytes);
  void write_tasks(GzipMembers& members);
  void add(std::string text, GzipMembers& members);

  OutputForm form_;
  std::size_t bytes_ = 0;
  std::size_t text_bytes_ = 0;
  std::size_t held_bytes_ = 0;
  PackedParts first_packed_;  // of a plain output: sent before the pieces, decompressed
  std::vector<Piece> pieces_;
  TaskBlocks blocks_;
};

}  // namespace taskwatchd
