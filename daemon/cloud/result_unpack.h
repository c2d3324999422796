// gzip and zip undone in memory, within limits that hold whatever the sizes in the file say. Pure:
// zlib and libzip read bytes, no file.
#pragma once

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

// An archive's files by name. REQUIRES: the bytes outlive it.
class ZipArchive {
 public:
  // Nothing is unpacked yet.
  ZipArchive(std::string_view bytes, const ResultLimits& limits);
  ~ZipArchive();
  ZipArchive(const ZipArchive&) = delete;
  ZipArchive& operator=(const ZipArchive&) = delete;

  const std::string& problem() const { return problem_; }           // empty: it can be read
  const std::vector<std::string>& names() const { return names_; }  // folders left out
  std::variant<std::string, UnpackProblem> read(const std::string& name, std::size_t& budget);

 private:
  struct Handle;
  Handle* handle_ = nullptr;
  std::string problem_;
  std::vector<std::string> names_;
};

}  // namespace taskwatchd
