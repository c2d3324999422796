#include "io/http/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <cassert>
#include <new>
#include <utility>

namespace taskwatchd {
namespace {

constexpr int kLevel = 1;
constexpr int kGzipWindow = 15 + 16;  // the largest window, plus 16 for gzip's header (zlib.h)
constexpr int kMemoryLevel = 8;
// Large enough that the C library returns it to the system when freed: see main.cc.
constexpr std::size_t kPackedPart = 256 * 1024;
constexpr std::size_t kPlainPart = 64 * 1024;

struct DeflateStream {
  DeflateStream() {
    if (deflateInit2(&z, kLevel, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
      throw std::bad_alloc();
    }
  }
  DeflateStream(const DeflateStream&) = delete;
  DeflateStream& operator=(const DeflateStream&) = delete;
  ~DeflateStream() { deflateEnd(&z); }
  z_stream z{};
};

void set_input(z_stream& stream, std::string_view bytes) {
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
}

void set_room(z_stream& stream, std::string& room) {
  stream.next_out = reinterpret_cast<Bytef*>(room.data());
  stream.avail_out = static_cast<uInt>(room.size());
}

}  // namespace

struct GzipMembers::Stream : DeflateStream {};

GzipMembers::GzipMembers() : stream_(std::make_unique<Stream>()), room_(kPackedPart, '\0') {}
GzipMembers::~GzipMembers() = default;

std::string GzipMembers::pack(std::string_view bytes) {
  z_stream& z = stream_->z;
  deflateReset(&z);
  room_.resize(std::max<std::size_t>(room_.size(), deflateBound(&z, bytes.size())));
  set_input(z, bytes);
  set_room(z, room_);
  [[maybe_unused]] const int result = deflate(&z, Z_FINISH);
  assert(result == Z_STREAM_END);  // deflateBound guarantees the space
  return room_.substr(0, z.total_out);
}

std::string gzip(std::string_view bytes) {
  return GzipMembers().pack(bytes);
}

struct GzipPacker::Stream : DeflateStream {};

GzipPacker::GzipPacker() : stream_(std::make_unique<Stream>()), room_(kPackedPart, '\0') {
  set_room(stream_->z, room_);
}
GzipPacker::~GzipPacker() = default;

void GzipPacker::add(std::string_view bytes) {
  set_input(stream_->z, bytes);
  pack(Z_NO_FLUSH);
}

PackedParts GzipPacker::finish() {
  set_input(stream_->z, {});
  pack(Z_FINISH);
  store();
  return std::move(parts_);
}

void GzipPacker::pack(int flush) {
  for (;;) {
    const int result = deflate(&stream_->z, flush);
    if (result == Z_STREAM_END || stream_->z.avail_out > 0) return;
    store();
    set_room(stream_->z, room_);
  }
}

void GzipPacker::store() {
  const std::string_view full(room_.data(), room_.size() - stream_->z.avail_out);
  if (!full.empty()) parts_.push_back(std::make_shared<const std::string>(full));
}

struct GzipUnpacker::Stream {
  Stream() {
    if (inflateInit2(&z, kGzipWindow) != Z_OK) throw std::bad_alloc();
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { inflateEnd(&z); }
  z_stream z{};
};

GzipUnpacker::GzipUnpacker(const PackedParts& parts)
    : parts_(parts), stream_(std::make_unique<Stream>()), room_(kPlainPart, '\0') {}
GzipUnpacker::~GzipUnpacker() = default;

std::string_view GzipUnpacker::next() {
  z_stream& z = stream_->z;
  set_room(z, room_);
  while (z.avail_out > 0) {
    if (z.avail_in == 0) {
      if (at_ == parts_.size()) break;
      set_input(z, *parts_[at_++]);
    }
    if (inflate(&z, Z_NO_FLUSH) != Z_OK) break;  // also at the end of the stream
  }
  return std::string_view(room_).substr(0, room_.size() - z.avail_out);
}

}  // namespace taskwatchd
