// Which stored events a replay sends. Event-loop thread only.
#pragma once

#include <optional>

#include "pipeline/sink_reader.h"
#include "ports.h"

namespace taskwatchd {

// The events since that time: their ids rise with their times, except that the times of some are a
// little older than those of earlier ids, so the range begins a little earlier. Nullopt if the
// store does not answer.
Awaitable<std::optional<ReplayRange>> replay_range(Store& store, Wall since);

}  // namespace taskwatchd
