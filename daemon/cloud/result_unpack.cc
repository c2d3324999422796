#include "cloud/result_unpack.h"

#include <fmt/format.h>
#include <zip.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>

namespace taskwatchd {
namespace {

constexpr std::size_t kPart = 64U << 10U;  // bytes unpacked at a time
constexpr int kGzipOnly = 16 + MAX_WBITS;

UnpackProblem too_large() {
  return {"it unpacks to more than the file may be"};
}

}  // namespace

bool is_gzip(std::string_view bytes) {
  return bytes.starts_with("\x1f\x8b\x08");
}

bool is_zip(std::string_view bytes) {
  return bytes.starts_with(std::string_view("PK\x03\x04", 4)) ||
         bytes.starts_with(std::string_view("PK\x05\x06", 4));
}

std::variant<std::string, UnpackProblem> unpack_gzip(std::string_view bytes, std::size_t& budget) {
  z_stream stream{};
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) return UnpackProblem{"zlib does not start"};
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, &inflateEnd);
  std::string out;
  std::array<char, kPart> part;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(part.data());
    stream.avail_out = kPart;
    const int state = inflate(&stream, Z_NO_FLUSH);
    const std::size_t got = kPart - stream.avail_out;
    if (got > budget) return too_large();
    budget -= got;
    out.append(part.data(), got);
    if (state == Z_STREAM_END) {
      if (stream.avail_in == 0) return out;
      // A gzip file may be several, one after the other.
      if (inflateReset(&stream) != Z_OK) return UnpackProblem{"zlib does not start anew"};
    } else if (state != Z_OK) {
      return UnpackProblem{state == Z_BUF_ERROR ? "the gzip file is cut" : "broken gzip"};
    }
  }
}

struct ZipArchive::Handle {
  zip_t* zip;
};

ZipArchive::ZipArchive(std::string_view bytes, const ResultLimits& limits) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* const source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  zip_t* zip = source == nullptr ? nullptr
                                 : zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
  zip_error_fini(&error);
  if (zip == nullptr) {
    if (source != nullptr) zip_source_free(source);
    problem_ = "broken zip";
    return;
  }
  handle_ = new Handle{zip};
  const zip_int64_t count = zip_get_num_entries(zip, 0);
  if (count < 0 || static_cast<std::size_t>(count) > limits.zip_entries) {
    problem_ = fmt::format("the zip has more than {} entries", limits.zip_entries);
    return;
  }
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* const name = zip_get_name(zip, static_cast<zip_uint64_t>(i), 0);
    if (name == nullptr) {
      problem_ = "broken zip";
      return;
    }
    std::string text = name;
    if (text.ends_with('/')) continue;
    if (std::find(names_.begin(), names_.end(), text) != names_.end()) {
      problem_ = "the zip has two files of one name";
      return;
    }
    names_.push_back(std::move(text));
  }
}

ZipArchive::~ZipArchive() {
  if (handle_ == nullptr) return;
  zip_discard(handle_->zip);
  delete handle_;
}

std::variant<std::string, UnpackProblem> ZipArchive::read(const std::string& name,
                                                          std::size_t& budget) {
  const auto close = [](zip_file_t* file) { zip_fclose(file); };
  const std::unique_ptr<zip_file_t, decltype(close)> file(zip_fopen(handle_->zip, name.c_str(), 0),
                                                          close);
  if (!file) return UnpackProblem{"a file in the zip cannot be read: encrypted, or packed oddly"};
  std::string out;
  std::array<char, kPart> part;
  for (;;) {
    const zip_int64_t got = zip_fread(file.get(), part.data(), part.size());
    if (got < 0) return UnpackProblem{"a file in the zip is broken"};
    if (got == 0) return out;
    if (static_cast<std::size_t>(got) > budget) return too_large();
    budget -= static_cast<std::size_t>(got);
    out.append(part.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace taskwatchd
