#include "io/gzip.h"

#include <zlib.h>

#include <cassert>
#include <new>

namespace taskwatchd {
namespace {

constexpr int kLevel = 1;
constexpr int kGzipWindow = 15 + 16;  // the largest window, and 16 for gzip's header (zlib.h)
constexpr int kMemoryLevel = 8;

}  // namespace

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw std::bad_alloc();
  }
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  assert(result == Z_STREAM_END);  // deflateBound promises the room
  return out;
}

}  // namespace taskwatchd
