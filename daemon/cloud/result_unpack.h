// Unpacks gzip and zip in memory, within limits that hold whatever sizes the file declares. No I/O:
// zlib and libzip read from memory.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cloud/result_tally.h"

namespace taskwatchd {

struct UnpackProblem {
  std::string words;
};

bool is_gzip(std::string_view bytes);
bool is_zip(std::string_view bytes);

// `budget` is the rest of ResultLimits::expanded_bytes that may still be unpacked; it is reduced.
std::variant<std::string, UnpackProblem> unpack_gzip(std::string_view bytes, std::size_t& budget);

// Receives a part of an entry's bytes. Returns false if no more are wanted.
using TakePart = std::function<bool(std::string_view)>;

// The files of an archive. REQUIRES: the bytes outlive this object.
class ZipArchive {
 public:
  // Unpacks nothing yet.
  ZipArchive(std::string_view bytes, const ResultLimits& limits);
  ~ZipArchive();
  ZipArchive(const ZipArchive&) = delete;
  ZipArchive& operator=(const ZipArchive&) = delete;

  // The form of a name that find() compares: lower case, `\` as `/`, no leading `/`.
  static std::string part_name(std::string_view name);

  const std::string& problem() const { return problem_; }  // empty: the archive can be read
  // in the form of part_name, folders included
  const std::vector<std::string>& names() const { return names_; }
  std::optional<std::size_t> find(std::string_view part) const;  // the index in names()
  // The files that were packed on purpose: no folders, no __MACOSX/, no dot files.
  std::vector<std::size_t> plain_files() const;

  std::variant<std::string, UnpackProblem> read(std::size_t entry, std::size_t& budget);
  std::optional<UnpackProblem> read(std::size_t entry, std::size_t& budget, const TakePart& take);

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
  std::string problem_;
  std::vector<std::string> names_;
};

}  // namespace taskwatchd
