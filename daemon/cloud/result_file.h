// Reads the result file of a distribution, in any format: bytes to counts and failed devices. The
// format is undocumented, so it is detected by content: gzip, zip, xlsx, JSON array, JSON lines,
// CSV. An ambiguous file is reported as not understood; nothing is guessed. No I/O.
#pragma once

#include <functional>
#include <string_view>

#include "cloud/result_tally.h"
#include "core/types/distribution.h"

namespace taskwatchd {

// Releases the bytes of a stage, which are not used again.
using ReleaseBytes = std::function<void()>;

// A file counts as understood only if it was read completely. A truncated or too large file, or one
// with ambiguous columns, gives no counts, and `problem` says why. Throws only std::bad_alloc. Cost
// for any content: linear time, and at most limits.expanded_bytes plus about 40 MB in addition to
// the file's bytes.
DistributionResult read_result_file(
    std::string_view bytes, const ResultLimits& limits = {}, const ReleaseBytes& release = [] {});

}  // namespace taskwatchd
