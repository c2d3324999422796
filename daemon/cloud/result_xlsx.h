// Reads rows of a spreadsheet (Office Open XML), from every sheet with a known header: a long
// export continues in a second sheet. Document types, and so entities, are rejected. No I/O.
// Source: ECMA-376 part 1, sections 18.3.1.4 (c) and 18.4.9 (sst).
#pragma once

#include "cloud/result_rows.h"
#include "cloud/result_unpack.h"

namespace taskwatchd {

// REQUIRES: is_xlsx(archive). Failures are recorded in the tally. `budget`: see unpack_gzip.
void read_result_xlsx(ZipArchive& archive, std::size_t& budget, ResultTally& tally);

}  // namespace taskwatchd
