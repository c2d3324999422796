#include "server/metrics_output.h"

#include <optional>
#include <string_view>
#include <utility>

namespace taskwatchd {
namespace {

constexpr std::size_t kPartBytes = std::size_t{64} * 1024;  // of a body
// Room for a part and the lines of a block. Large enough that the C library returns it to the
// system when it is freed: see main.cc.
constexpr std::size_t kRoomBytes = std::size_t{192} * 1024;

std::shared_ptr<const std::string> held(std::string text) {
  text.shrink_to_fit();
  return std::make_shared<const std::string>(std::move(text));
}

}  // namespace

MetricsOutput::MetricsOutput(const MetricsPicture& picture, OutputForm form,
                             std::size_t plain_bytes)
    : form_(form), blocks_(picture.tasks) {
  write_first(picture, plain_bytes);
  GzipMembers members;
  write_tasks(members);
  std::string end;
  MetricsWriter(form_.format, [&](std::string_view text) { end += text; }).end();
  if (!end.empty()) add(std::move(end), members);
  if (form_.gzip) blocks_.clear();
}

void MetricsOutput::write_first(const MetricsPicture& picture, std::size_t plain_bytes) {
  std::optional<GzipPacker> packer;
  if (form_.gzip) packer.emplace();
  MetricsWriter writer(form_.format, [&](std::string_view text) {
    text_bytes_ += text.size();
    if (!packer && text_bytes_ > plain_bytes) {
      packer.emplace();
      for (const Piece& piece : std::exchange(pieces_, {})) packer->add(*piece.bytes);
    }
    if (packer) {
      packer->add(text);
    } else {
      pieces_.push_back({held(std::string(text))});
    }
  });
  write_first_families(picture, writer);
  writer.flush();
  bytes_ = held_bytes_ = text_bytes_;
  if (!packer) return;
  PackedParts parts = packer->finish();
  held_bytes_ = 0;
  for (const auto& part : parts) held_bytes_ += part->size();
  if (!form_.gzip) {
    first_packed_ = std::move(parts);
    return;
  }
  bytes_ = held_bytes_;
  for (auto& part : parts) pieces_.push_back({std::move(part)});
}

void MetricsOutput::write_tasks(GzipMembers& members) {
  std::string lines;
  if (form_.gzip) lines.reserve(kRoomBytes);
  for (std::size_t i = 0; i < kTaskFamilies.size(); ++i) {
    bool begun = false;
    for (const auto& block : blocks_) {
      WrittenLines& written = block->written(i);
      if (form_.gzip && !written.packed) {
        lines.clear();
        block->append_to(lines, i);
        written.bytes = lines.size();
        written.packed = held(lines.empty() ? "" : members.pack(lines));
        held_bytes_ += written.packed->size();
      }
      if (!written.bytes) {
        written.bytes = block->bytes_of(i);
        held_bytes_ += block->held_bytes() / kTaskFamilies.size();
      }
      if (*written.bytes == 0) continue;
      if (!begun) {
        std::string head;
        append_head(head, family(kTaskFamilies[i]), form_.format);
        add(std::move(head), members);
      }
      begun = true;
      text_bytes_ += *written.bytes;
      bytes_ += form_.gzip ? written.packed->size() : *written.bytes;
      pieces_.push_back(form_.gzip ? Piece{written.packed} : Piece{nullptr, block.get(), i});
    }
  }
}

void MetricsOutput::add(std::string text, GzipMembers& members) {
  text_bytes_ += text.size();
  if (form_.gzip) text = members.pack(text);
  bytes_ += text.size();
  held_bytes_ += text.size();
  pieces_.push_back({held(std::move(text))});
}

// Small pieces are sent together, large ones as they are.
class OutputBody : public WebParts {
 public:
  explicit OutputBody(std::shared_ptr<const MetricsOutput> output) : output_(std::move(output)) {
    if (!output_->first_packed_.empty()) first_.emplace(output_->first_packed_);
    room_.reserve(kRoomBytes);
  }
  std::size_t bytes() const override { return output_->bytes(); }

  std::string_view next() override {
    if (first_) {
      const std::string_view part = first_->next();
      if (!part.empty()) return part;
      first_.reset();
    }
    room_.clear();
    for (const auto& pieces = output_->pieces_; at_ < pieces.size(); ++at_) {
      const MetricsOutput::Piece& piece = pieces[at_];
      if (piece.bytes && room_.empty() && piece.bytes->size() >= kPartBytes / 2) {
        ++at_;
        return *piece.bytes;
      }
      if (piece.bytes && room_.size() + piece.bytes->size() > kPartBytes) break;
      if (piece.bytes) {
        room_ += *piece.bytes;
      } else {
        piece.block->append_to(room_, piece.family);
      }
      if (room_.size() >= kPartBytes) {
        ++at_;
        break;
      }
    }
    return room_;
  }

 private:
  std::shared_ptr<const MetricsOutput> output_;
  std::optional<GzipUnpacker> first_;
  std::size_t at_ = 0;
  std::string room_;
};

std::shared_ptr<WebParts> MetricsOutput::body(std::shared_ptr<const MetricsOutput> output) {
  return std::make_shared<OutputBody>(std::move(output));
}

}  // namespace taskwatchd
