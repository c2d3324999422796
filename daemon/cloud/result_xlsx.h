// Rows of a spreadsheet (Office Open XML): those of every sheet with a header that we know; a long
// export goes on in a second sheet. Document types, and so entities, are refused. Pure.
// Source: ECMA-376 part 1, sections 18.3.1.4 (c) and 18.4.9 (sst).
#pragma once

#include "cloud/result_rows.h"
#include "cloud/result_unpack.h"

namespace taskwatchd {

// REQUIRES: is_xlsx(archive). Failures go into the tally. `budget`: see unpack_gzip.
void read_result_xlsx(ZipArchive& archive, std::size_t& budget, ResultTally& tally);

}  // namespace taskwatchd
