// The rows of a result file come together here: which device each names, with which code, and what
// the codes add up to. Any doubt ends the reading with a problem in words. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cloud/result_cell.h"
#include "core/types/distribution.h"

namespace taskwatchd {

// result_rows holds those of rows, result_unpack those of what is packed, both while they read.
struct ResultLimits {
  std::size_t expanded_bytes = 64U << 20U;  // all that is unpacked, and all text of all rows
  std::size_t rows = 100'000;               // a distribution has 10,000 devices at most
  std::size_t records = 2'000'000;          // blank ones too: those of two full sheets
  std::size_t columns = 64;                 // in a row
  std::size_t field_bytes = 4096;  // one text; a larger one is not cut, for it may be the code
  std::size_t zip_entries = 64;    // files in an archive
  std::size_t shared_texts = 1'000'000;  // of a spreadsheet
  std::size_t failed_bytes = 8U << 20U;  // texts of the failed devices that are listed
};
inline constexpr std::size_t kResultPacks = 2;       // gzip in zip, zip in gzip; no deeper
inline constexpr std::size_t kResultNesting = 16;    // levels of JSON or XML
inline constexpr std::size_t kResultCodeBytes = 64;  // a longer code is not readable

class ResultTally {
 public:
  explicit ResultTally(const ResultLimits& limits) : limits_(limits) {}

  // One device. False: it is no device; the reading must end, and take() will say so. `line`: where
  // it stands, for people.
  bool add(const std::vector<ResultCell>& row, std::size_t line);
  // Ends the reading: what was added before does not count.
  void fail(std::string problem);
  bool failed() const { return !problem_.empty(); }
  std::size_t rows() const { return rows_; }
  const ResultLimits& limits() const { return limits_; }

  // What it all came to.
  DistributionResult take(ResultFormat format) &&;

 private:
  void count(std::string_view product, std::string_view device, std::string_view code,
             std::string_view message);

  ResultLimits limits_;
  DistributionResult result_;
  std::string problem_;
  std::size_t rows_ = 0;
  std::size_t failed_bytes_ = 0;
};

}  // namespace taskwatchd
