// The rows of a result file come together here: which column names the device and which its code,
// and what the codes add up to. Any doubt ends the reading with a problem in words. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/distribution.h"

namespace taskwatchd {

struct ResultLimits {
  std::size_t expanded_bytes = 64U << 20U;  // all that is unpacked, and all text of all rows
  std::size_t rows = 1'000'000;
  std::size_t columns = 64;        // in a row
  std::size_t field_bytes = 4096;  // one field; a larger one is not cut, for it may be the code
  std::size_t zip_entries = 64;    // files in an archive
  std::size_t shared_texts = 1'000'000;  // of a spreadsheet
};
inline constexpr std::size_t kResultPacks = 2;       // gzip in zip, zip in gzip; no deeper
inline constexpr std::size_t kResultNesting = 16;    // levels of JSON or XML
inline constexpr std::size_t kResultCodeBytes = 64;  // a longer code is not readable

// What a column is for, by its name; case, blanks, `_` and `-` do not count.
enum class ResultRole : std::uint8_t { kOther, kDevice, kProduct, kCode, kMessage };
ResultRole result_role(std::string_view column);
// Whether `names` has a column for the device and one for the code.
bool is_result_header(const std::vector<std::string>& names);
// "a", "b", ... of a header, escaped and cut, for a problem's words.
std::string list_columns(const std::vector<std::string>& names);

struct ResultCell {
  ResultRole role = ResultRole::kOther;
  std::string_view text;  // UTF-8
};

class ResultTally {
 public:
  explicit ResultTally(const ResultLimits& limits) : limits_(limits) {}

  // One device. False: it is no device, or a limit is reached; the reading must end, and take()
  // will say so. `line`: where it stands, for people.
  bool add(const std::vector<ResultCell>& row, std::size_t line);
  // Ends the reading: what was added before does not count.
  void fail(std::string problem);
  bool failed() const { return !problem_.empty(); }
  std::size_t rows() const { return rows_; }
  const ResultLimits& limits() const { return limits_; }

  // What it all came to.
  DistributionResult take(ResultFormat format) &&;

 private:
  bool charge(const std::vector<ResultCell>& row, const std::string& where);
  void count(DeviceResult device);

  ResultLimits limits_;
  DistributionResult result_;
  std::string problem_;
  std::size_t rows_ = 0;
  std::size_t text_bytes_ = 0;
};

}  // namespace taskwatchd
