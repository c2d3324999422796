// gzip (RFC 1952) and zip, as described in PKWARE's APPNOTE.TXT: deflated entries without extra
// fields.
#include <zlib.h>

#include <stdexcept>

#include "simulator/model_result_file.h"

namespace iotsim {
namespace {

constexpr int kRaw = -15;  // window bits of zlib: plain deflate
constexpr int kGzip = 31;  // window bits of zlib: deflate in a gzip frame

std::string deflated(std::string_view bytes, int window_bits) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("zlib does not start");
  }
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int ended = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (ended != Z_STREAM_END) throw std::runtime_error("zlib does not end");
  return out;
}

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i, value >>= 8) out += static_cast<char>(value & 0xff);
}

// The fields shared by local header and directory entry: from "version needed" to the length of the
// extra field.
std::string common_part(const ZipEntry& entry, std::size_t packed) {
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(entry.bytes.data()),
                         static_cast<uInt>(entry.bytes.size()));
  std::string out;
  put(out, 20, 2);      // version needed
  put(out, 0x0800, 2);  // names are UTF-8
  put(out, 8, 2);       // deflated
  put(out, 0, 2);       // time
  put(out, 0x5a21, 2);  // date
  put(out, crc, 4);
  put(out, packed, 4);
  put(out, entry.bytes.size(), 4);
  put(out, entry.name.size(), 2);
  put(out, 0, 2);
  return out;
}

}  // namespace

std::string write_gzip(std::string_view bytes) {
  return deflated(bytes, kGzip);
}

std::string write_zip(const std::vector<ZipEntry>& entries) {
  std::string out, directory;
  for (const ZipEntry& entry : entries) {
    const std::string packed = deflated(entry.bytes, kRaw);
    const std::string common = common_part(entry, packed.size());
    directory += "PK\x01\x02";
    put(directory, 20, 2);  // made by
    directory += common;
    put(directory, 0, 2 + 2 + 2 + 4);  // comment, disk, attributes
    put(directory, out.size(), 4);
    directory += entry.name;
    out += "PK\x03\x04" + common + entry.name + packed;
  }
  const std::size_t start = out.size();
  out += directory + "PK\x05\x06";
  put(out, 0, 4);
  put(out, entries.size(), 2);
  put(out, entries.size(), 2);
  put(out, directory.size(), 4);
  put(out, start, 4);
  put(out, 0, 2);
  return out;
}

}  // namespace iotsim
