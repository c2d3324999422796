// Compresses with gzip at zlib's level 1: faster than level 6 for slightly more bytes,
// because scrapes are frequent. Blocks while it works. Throws std::bad_alloc only.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace taskwatchd {

std::string gzip(std::string_view bytes);

// Compresses texts, each to one member. Members may be concatenated to one gzip file (RFC
// 1952 2.2).
class GzipMembers {
 public:
  GzipMembers();
  GzipMembers(const GzipMembers&) = delete;
  GzipMembers& operator=(const GzipMembers&) = delete;
  ~GzipMembers();

  std::string pack(std::string_view bytes);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;  // reused: its 256 KiB take longer to obtain than a text to pack
  std::string room_;
};

// Compressed bytes in immutable parts, so that many responses may share them.
using PackedParts = std::vector<std::shared_ptr<const std::string>>;

// Compresses its input part by part: uses 256 KiB of memory besides the compressed bytes.
class GzipPacker {
 public:
  GzipPacker();
  GzipPacker(const GzipPacker&) = delete;
  GzipPacker& operator=(const GzipPacker&) = delete;
  ~GzipPacker();

  void add(std::string_view bytes);
  // Ends the member; nothing may be added afterwards.
  PackedParts finish();

 private:
  struct Stream;
  void pack(int flush);
  void store();

  std::unique_ptr<Stream> stream_;
  std::string room_;
  PackedParts parts_;
};

// Decompresses one member made by GzipPacker, part by part: uses 40 kB of memory and one part.
class GzipUnpacker {
 public:
  explicit GzipUnpacker(const PackedParts& parts);  // must outlive this object
  GzipUnpacker(const GzipUnpacker&) = delete;
  GzipUnpacker& operator=(const GzipUnpacker&) = delete;
  ~GzipUnpacker();

  // Returns the next bytes, valid until the next call; empty at the end or on a decompression
  // error.
  std::string_view next();

 private:
  struct Stream;

  const PackedParts& parts_;
  std::size_t at_ = 0;  // index of the next part to read
  std::unique_ptr<Stream> stream_;
  std::string room_;
};

}  // namespace taskwatchd
