// Finds the sheets and the shared string table in a spreadsheet's archive: by relationships, as the
// Open Packaging Conventions specify, not by fixed names. No I/O. Source: ECMA-376 part 2, clauses
// 6.2 and 6.5.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cloud/result_unpack.h"

namespace taskwatchd {

bool is_xlsx(const ZipArchive& archive);

struct SpreadsheetParts {
  std::vector<std::size_t> sheets;   // indexes in the archive, in the workbook's order
  std::optional<std::size_t> texts;  // the shared string table
};
// `budget`: see unpack_gzip.
std::variant<SpreadsheetParts, UnpackProblem> find_parts(ZipArchive& archive, std::size_t& budget);

}  // namespace taskwatchd
