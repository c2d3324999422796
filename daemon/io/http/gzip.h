// One gzip member at zlib's level 1: less time than level 6 for somewhat more bytes, and
// scrapes are frequent. Blocks while it works. Throws std::bad_alloc only.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace taskwatchd {

std::string gzip(std::string_view bytes);

// The packed bytes in parts that never change, so that many answers may share them.
using PackedParts = std::vector<std::shared_ptr<const std::string>>;

// Packs what comes part by part: holds a quarter of a megabyte beside the packed bytes.
class GzipPacker {
 public:
  GzipPacker();
  GzipPacker(const GzipPacker&) = delete;
  GzipPacker& operator=(const GzipPacker&) = delete;
  ~GzipPacker();

  void add(std::string_view bytes);
  // The member's end; nothing may be added afterwards.
  PackedParts finish();

 private:
  struct Stream;
  void pack(int flush);
  void store();

  std::unique_ptr<Stream> stream_;
  std::string room_;
  PackedParts parts_;
};

// Unpacks one member that GzipPacker made, part by part: holds 40 kilobytes and a part.
class GzipUnpacker {
 public:
  explicit GzipUnpacker(const PackedParts& parts);  // must outlive it
  GzipUnpacker(const GzipUnpacker&) = delete;
  GzipUnpacker& operator=(const GzipUnpacker&) = delete;
  ~GzipUnpacker();

  // The next bytes, valid until the next call; empty: that was all, or they cannot be unpacked.
  std::string_view next();

 private:
  struct Stream;

  const PackedParts& parts_;
  std::size_t at_ = 0;  // the next part to read
  std::unique_ptr<Stream> stream_;
  std::string room_;
};

}  // namespace taskwatchd
