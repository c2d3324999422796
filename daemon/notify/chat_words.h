// Words of chat messages that several of them use. No I/O.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "config/notify.h"
#include "core/types/job.h"
#include "core/types/task.h"

namespace taskwatchd {

// Formats the pattern of the language. REQUIRES: both patterns are literals with as many {}.
template <typename... Values>
std::string in_language(Language language, std::string_view english, std::string_view chinese,
                        const Values&... values) {
  return fmt::format(fmt::runtime(language == Language::kChinese ? chinese : english), values...);
}

// English: "1 task", "2 tasks".
std::string counted(std::size_t number, std::string_view noun);
// English: the platform's spelling, FAILED.
std::string status_word(TaskStatus status, Language language);
// "FAILED 3, IN_PROGRESS 5": the statuses that any task has.
std::string counts_text(const TaskCounts& counts, Language language);
std::size_t total_of(const TaskCounts& counts);
std::size_t bad_of(const TaskCounts& counts);
// FAILED, REJECTED and TIMED_OUT apart: all others that are not finished.
std::size_t unfinished_of(const TaskCounts& counts);

}  // namespace taskwatchd
