// The bytes of a result file. Its format is not documented, so this writes each format that a
// reader must support. No I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "simulator/model_distribution.h"

namespace iotsim {

inline constexpr std::string_view kResultFormats =
    "json|json_lines|csv|csv_bom|csv_gbk|xlsx|csv_gzip|csv_zip|unknown";
bool is_result_format(std::string_view name);

// REQUIRES: is_result_format(format).
std::string write_result_file(const std::vector<DistributionRow>& rows, std::string_view format);

struct ZipEntry {
  std::string name;
  std::string bytes;
};
std::string write_zip(const std::vector<ZipEntry>& entries);
std::string write_gzip(std::string_view bytes);

}  // namespace iotsim
