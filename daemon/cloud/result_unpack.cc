#include "cloud/result_unpack.h"

#include <fmt/format.h>
#include <zip.h>
#include <zlib.h>

#include <algorithm>
#include <memory>

#include "core/types/ascii.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kUnpackedBytes = 256U << 10U;  // bytes unpacked at a time
constexpr int kGzipOnly = 16 + MAX_WBITS;

UnpackProblem too_large() {
  return {"it decompresses to more than the limit for files"};
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
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) return UnpackProblem{"cannot start zlib"};
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, &inflateEnd);
  std::string out;
  std::vector<char> part(kUnpackedBytes);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(part.data());
    stream.avail_out = kUnpackedBytes;
    const int state = inflate(&stream, Z_NO_FLUSH);
    const std::size_t got = kUnpackedBytes - stream.avail_out;
    if (got > budget) return too_large();
    budget -= got;
    out.append(part.data(), got);
    if (state == Z_STREAM_END) {
      if (stream.avail_in == 0) return out;
      // A gzip file may consist of several members, one after the other.
      if (inflateReset(&stream) != Z_OK) return UnpackProblem{"cannot restart zlib"};
    } else if (state != Z_OK) {
      return UnpackProblem{state == Z_BUF_ERROR ? "the gzip file is truncated"
                                                : "corrupt gzip file"};
    }
  }
}

struct ZipArchive::Handle {
  zip_t* zip;
};

namespace {

std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = size; i > 0; --i) {
    number = number << 8 | static_cast<unsigned char>(bytes[at + i - 1]);
  }
  return number;
}

// Returns the largest entry count of all byte sequences that could be an end record: libzip
// allocates memory for that many entries before it reads the first. Source: APPNOTE.TXT 4.3.14 to
// 4.3.16.
std::uint64_t entries_named(std::string_view bytes) {
  constexpr std::string_view kEnd("PK\x05\x06", 4), kLocator("PK\x06\x07", 4);
  constexpr std::size_t kEndBytes = 22, kLocatorBytes = 20, kEnd64Bytes = 56;
  constexpr std::size_t kTail = 65535 + kEndBytes + kLocatorBytes;
  constexpr std::uint64_t kElsewhere = 0xffff;
  const std::string_view tail = bytes.substr(bytes.size() - std::min(bytes.size(), kTail));
  std::uint64_t most = 0;
  bool is_large = false;
  for (std::size_t at = 0; (at = tail.find(kLocator, at)) != std::string_view::npos; ++at) {
    if (at + kLocatorBytes > tail.size()) break;
    const std::uint64_t end64 = number_at(tail, at + 8, 8);
    if (end64 >= bytes.size() || bytes.size() - end64 < kEnd64Bytes) continue;
    is_large = true;
    most = std::max(most, number_at(bytes, end64 + 32, 8));
  }
  for (std::size_t at = 0; (at = tail.find(kEnd, at)) != std::string_view::npos; ++at) {
    if (at + kEndBytes > tail.size()) break;
    const std::uint64_t named = number_at(tail, at + 10, 2);
    if (named != kElsewhere || !is_large) most = std::max(most, named);
  }
  return most;
}

std::string too_many(const ResultLimits& limits) {
  return fmt::format("the zip has more than {} entries", limits.zip_entries);
}

bool is_hidden(std::string_view name) {
  return name.starts_with('.') || name.starts_with("__macosx/") ||
         name.find("/.") != std::string_view::npos;
}

}  // namespace

std::string ZipArchive::part_name(std::string_view name) {
  std::string part = ascii_lower(name);
  std::replace(part.begin(), part.end(), '\\', '/');
  return part.starts_with('/') ? part.substr(1) : part;
}

ZipArchive::ZipArchive(std::string_view bytes, const ResultLimits& limits) {
  if (entries_named(bytes) > limits.zip_entries) {
    problem_ = too_many(limits);
    return;
  }
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* const source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  zip_t* zip = source == nullptr ? nullptr
                                 : zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
  zip_error_fini(&error);
  if (zip == nullptr) {
    if (source != nullptr) zip_source_free(source);
    problem_ = "corrupt zip file";
    return;
  }
  handle_ = std::make_unique<Handle>(Handle{zip});
  const zip_int64_t count = zip_get_num_entries(zip, 0);
  if (count < 0 || static_cast<std::size_t>(count) > limits.zip_entries) {
    problem_ = too_many(limits);
    return;
  }
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(count); ++i) {
    const char* const name = zip_get_name(zip, i, 0);
    if (name == nullptr) {
      problem_ = "corrupt zip file";
      return;
    }
    std::string part = part_name(name);
    if (!part.ends_with('/') && find(part)) {
      problem_ = "the zip contains two files with the same name";
      return;
    }
    names_.push_back(std::move(part));
  }
}

ZipArchive::~ZipArchive() {
  if (handle_) zip_discard(handle_->zip);
}

std::optional<std::size_t> ZipArchive::find(std::string_view part) const {
  const auto found = std::find(names_.begin(), names_.end(), part);
  if (found == names_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names_.begin());
}

std::vector<std::size_t> ZipArchive::plain_files() const {
  std::vector<std::size_t> files;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (!names_[i].ends_with('/') && !is_hidden(names_[i])) files.push_back(i);
  }
  return files;
}

std::optional<UnpackProblem> ZipArchive::read(std::size_t entry, std::size_t& budget,
                                              const TakePart& take) {
  zip_stat_t about;
  zip_stat_init(&about);
  const bool is_known = zip_stat_index(handle_->zip, entry, 0, &about) == 0 &&
                        (about.valid & ZIP_STAT_COMP_METHOD) != 0;
  // Other methods allocate as much memory for unpacking as the file requests.
  if (!is_known || (about.comp_method != ZIP_CM_STORE && about.comp_method != ZIP_CM_DEFLATE)) {
    return UnpackProblem{"a file in the zip is compressed with an unsupported method"};
  }
  const auto close = [](zip_file_t* file) { zip_fclose(file); };
  const std::unique_ptr<zip_file_t, decltype(close)> file(zip_fopen_index(handle_->zip, entry, 0),
                                                          close);
  if (!file)
    return UnpackProblem{
        "cannot read a file in the zip: encrypted, or compressed with an unsupported method"};
  std::vector<char> part(kUnpackedBytes);
  for (;;) {
    const zip_int64_t got = zip_fread(file.get(), part.data(), part.size());
    if (got < 0) return UnpackProblem{"a file in the zip is corrupt"};
    if (got == 0) return std::nullopt;
    if (static_cast<std::size_t>(got) > budget) return too_large();
    budget -= static_cast<std::size_t>(got);
    if (!take({part.data(), static_cast<std::size_t>(got)})) return std::nullopt;
  }
}

std::variant<std::string, UnpackProblem> ZipArchive::read(std::size_t entry, std::size_t& budget) {
  std::string out;
  const TakePart take = [&out](std::string_view part) {
    out.append(part);
    return true;
  };
  if (auto problem = read(entry, budget, take)) return *problem;
  return out;
}

}  // namespace taskwatchd
