// gzip and zip undone in memory, within limits that hold whatever the sizes in the file say. Pure:
// zlib and libzip read bytes, no file.
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

// `budget` is what may still be unpacked of ResultLimits::expanded_bytes; it falls.
std::variant<std::string, UnpackProblem> unpack_gzip(std::string_view bytes, std::size_t& budget);

// A part of an entry's bytes. False: no more are wanted.
using TakePart = std::function<bool(std::string_view)>;

// An archive's files. REQUIRES: the bytes outlive it.
class ZipArchive {
 public:
  // Nothing is unpacked yet.
  ZipArchive(std::string_view bytes, const ResultLimits& limits);
  ~ZipArchive();
  ZipArchive(const ZipArchive&) = delete;
  ZipArchive& operator=(const ZipArchive&) = delete;

  // How a name is looked for: without case, `\` as `/`, no `/` in front.
  static std::string part_name(std::string_view name);

  const std::string& problem() const { return problem_; }           // empty: it can be read
  const std::vector<std::string>& names() const { return names_; }  // as part_name, folders too
  std::optional<std::size_t> find(std::string_view part) const;     // its place in names()
  // Those that somebody packed on purpose: no folders, no __MACOSX/, no dot files.
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
