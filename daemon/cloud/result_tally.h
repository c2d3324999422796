// Collects the rows of a result file: the device and the code of each row, and the totals per code.
// Any ambiguity ends the reading with a problem message. No I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cloud/result_cell.h"
#include "core/types/distribution.h"

namespace taskwatchd {

// Enforced during reading: result_rows enforces the limits of rows, result_unpack those of
// compressed data.
struct ResultLimits {
  std::size_t expanded_bytes = 64U << 20U;  // all unpacked data, and the text of all rows
  std::size_t rows = 100'000;               // a distribution has at most 10,000 devices
  std::size_t records = 2'000'000;          // blank ones included: as many as in two full sheets
  std::size_t columns = 64;                 // per row
  // of one text; a longer one is an error, not truncated: it may be the code
  std::size_t field_bytes = 4096;
  std::size_t zip_entries = 64;          // files in an archive
  std::size_t shared_texts = 1'000'000;  // of a spreadsheet
  std::size_t failed_bytes = 8U << 20U;  // texts of the listed failed devices
};
// nested containers (gzip in zip, zip in gzip); no deeper
inline constexpr std::size_t kResultPacks = 2;
inline constexpr std::size_t kResultNesting = 16;    // levels of JSON or XML
inline constexpr std::size_t kResultCodeBytes = 64;  // a longer code is not readable

class ResultTally {
 public:
  explicit ResultTally(const ResultLimits& limits) : limits_(limits) {}

  // Adds one device. Returns false if the row is not a valid device: reading must end, and take()
  // reports it. `line`: its line number, for messages.
  bool add(const std::vector<ResultCell>& row, std::size_t line);
  // Ends the reading with a problem; rows added before do not count.
  void fail(std::string problem);
  bool failed() const { return !problem_.empty(); }
  std::size_t rows() const { return rows_; }
  const ResultLimits& limits() const { return limits_; }

  // Returns the result.
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
