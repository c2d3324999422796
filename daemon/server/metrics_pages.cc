#include "server/metrics_pages.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "io/http/gzip.h"
#include "view/openmetrics.h"

namespace taskwatchd {

// Immutable metrics output. Its bytes count as long as anybody holds it.
class MetricsPages::Picture {
 public:
  Picture(PackedParts parts, bool gzip, std::size_t text_bytes, std::shared_ptr<std::size_t> held)
      : parts_(std::move(parts)), gzip_(gzip), text_bytes_(text_bytes), held_(std::move(held)) {
    for (const auto& part : parts_) bytes_ += part->size();
    *held_ += bytes_;
  }
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;
  ~Picture() { *held_ -= bytes_; }

  const PackedParts& parts() const { return parts_; }
  bool gzip() const { return gzip_; }
  std::size_t bytes() const { return bytes_; }
  std::size_t text_bytes() const { return text_bytes_; }

 private:
  PackedParts parts_;
  bool gzip_;
  std::size_t text_bytes_;
  std::size_t bytes_ = 0;
  std::shared_ptr<std::size_t> held_;
};

// Receives the text as it is rendered; compresses it if it has at least `pack_from` bytes.
class MetricsPages::Maker {
 public:
  explicit Maker(std::size_t pack_from) : pack_from_(pack_from) {}

  void take(std::string_view text) {
    bytes_ += text.size();
    if (!packer_ && bytes_ >= pack_from_) {
      packer_.emplace();
      for (const auto& part : std::exchange(parts_, {})) packer_->add(*part);
    }
    if (packer_) {
      packer_->add(text);
    } else {
      parts_.push_back(std::make_shared<const std::string>(text));
    }
  }
  std::shared_ptr<const Picture> finish(std::shared_ptr<std::size_t> held) {
    const bool gzip = packer_.has_value();
    if (gzip) parts_ = packer_->finish();
    return std::make_shared<const Picture>(std::move(parts_), gzip, bytes_, std::move(held));
  }

 private:
  std::size_t pack_from_;
  std::size_t bytes_ = 0;
  PackedParts parts_;
  std::optional<GzipPacker> packer_;
};

namespace {

template <typename Picture>
class HeldParts : public WebParts {
 public:
  explicit HeldParts(std::shared_ptr<const Picture> picture) : picture_(std::move(picture)) {}
  std::size_t bytes() const override { return picture_->bytes(); }
  std::string_view next() override {
    return at_ < picture_->parts().size() ? std::string_view(*picture_->parts()[at_++])
                                          : std::string_view();
  }

 private:
  std::shared_ptr<const Picture> picture_;
  std::size_t at_ = 0;
};

template <typename Picture>
class UnpackedParts : public WebParts {
 public:
  explicit UnpackedParts(std::shared_ptr<const Picture> picture)
      : picture_(std::move(picture)), unpacker_(picture_->parts()) {}
  std::size_t bytes() const override { return picture_->text_bytes(); }
  std::string_view next() override { return unpacker_.next(); }

 private:
  std::shared_ptr<const Picture> picture_;
  GzipUnpacker unpacker_;
};

}  // namespace

std::optional<MetricsPages::Page> MetricsPages::page(const ContentNegotiation& negotiated) {
  drop_old();
  auto picture = find(negotiated);
  if (!picture) {
    std::size_t& last = negotiated.gzip ? last_gzip_ : last_plain_;
    if (*held_ > 0 && *held_ + last > limits_.held_bytes) return std::nullopt;
    picture = make(negotiated);
    last = picture->bytes();
  }
  if (picture->gzip() && !negotiated.gzip) {
    return Page{false, std::make_shared<UnpackedParts<Picture>>(std::move(picture))};
  }
  const bool gzip = picture->gzip();
  return Page{gzip, std::make_shared<HeldParts<Picture>>(std::move(picture))};
}

void MetricsPages::drop_old() {
  const Mono now = now_();
  std::erase_if(shared_, [&](const Shared& one) { return now - one.made > limits_.fresh; });
}

std::shared_ptr<const MetricsPages::Picture> MetricsPages::find(
    const ContentNegotiation& negotiated) const {
  const auto fits = [&](const Shared& one) {
    if (one.openmetrics != negotiated.openmetrics) return false;
    // Decompressing medium-sized output takes longer than rendering it again is worth.
    return one.picture->gzip() == negotiated.gzip ||
           one.picture->text_bytes() >= limits_.plain_bytes;
  };
  const auto found = std::find_if(shared_.begin(), shared_.end(), fits);
  return found == shared_.end() ? nullptr : found->picture;
}

std::shared_ptr<const MetricsPages::Picture> MetricsPages::make(
    const ContentNegotiation& negotiated) {
  Maker maker(negotiated.gzip ? kGzipFrom : limits_.plain_bytes);
  if (negotiated.openmetrics) {
    OpenMetrics format;
    std::string text;
    render_([&](std::string_view part) {
      format.add(part, text);
      maker.take(text);
      text.clear();
    });
    format.end(text);
    maker.take(text);
  } else {
    render_([&](std::string_view part) { maker.take(part); });
  }
  auto picture = maker.finish(held_);
  if (picture->text_bytes() >= limits_.shared_bytes) {
    // The output is dated at the end of rendering: nothing else runs on the event loop meanwhile.
    shared_.push_back({picture, negotiated.openmetrics, now_()});
  }
  return picture;
}

}  // namespace taskwatchd
