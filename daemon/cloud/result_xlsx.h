// Rows of a spreadsheet (Office Open XML): the one sheet whose first row is a header that we know.
// Document types, and so entities, are refused. Pure.
// Source: ECMA-376 part 1, sections 18.3.1.4 (c) and 18.4.9 (sst).
#pragma once

#include "cloud/result_tally.h"
#include "cloud/result_unpack.h"

namespace taskwatchd {

bool is_xlsx(const ZipArchive& archive);
// REQUIRES: is_xlsx(archive). Failures go into the tally. `budget`: see unpack_gzip.
void read_result_xlsx(ZipArchive& archive, std::size_t& budget, ResultTally& tally);

}  // namespace taskwatchd
