// When tasks that are named one by one are seen through their job as well.
#pragma once

#include <cstddef>

namespace taskwatchd {

// So many explicit unfinished tasks of one job: then its statistics, and a page of its list, tell
// more than one QueryTask.
inline constexpr std::size_t kAssistTasks = 20;

}  // namespace taskwatchd
