// A distribution's result file, whatever its format: bytes to counts and failed devices. No
// document says what the file looks like, so it is recognised by its content: gzip, zip, xlsx, JSON
// array, JSON lines, CSV. What is not clear is not understood, never guessed. Pure.
#pragma once

#include <functional>
#include <string_view>

#include "cloud/result_tally.h"
#include "core/types/distribution.h"

namespace taskwatchd {

// Lets the bytes of a stage go: they are not looked at again.
using ReleaseBytes = std::function<void()>;

// Understood only if the whole file was read: one that is cut, too large, or names its columns
// unclearly gives no counts, and `problem` says why. Never throws but std::bad_alloc. Whatever the
// file holds: beside its bytes at most limits.expanded_bytes and some 40 MB, in linear time.
DistributionResult read_result_file(
    std::string_view bytes, const ResultLimits& limits = {}, const ReleaseBytes& release = [] {});

}  // namespace taskwatchd
