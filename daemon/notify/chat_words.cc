#include "notify/chat_words.h"

#include <array>

namespace taskwatchd {
namespace {

// As daemon/page/src/words_zh.js, which follows the platform's documents.
constexpr std::array<std::string_view, kTaskStatusCount> kChineseStatuses = {
    "待调度", "已调度", "执行中", "已成功", "失败", "已拒绝", "已超时", "已取消", "未知"};

template <typename Belongs>
std::size_t sum_of(const TaskCounts& counts, Belongs belongs) {
  std::size_t sum = 0;
  for (const TaskStatus status : kAllTaskStatuses) {
    if (belongs(status)) sum += count_of(counts, status);
  }
  return sum;
}

}  // namespace

std::string counted(std::size_t number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

std::string status_word(TaskStatus status, Language language) {
  return std::string(language == Language::kChinese ? name_in(kChineseStatuses, status)
                                                    : name(status));
}

std::string counts_text(const TaskCounts& counts, Language language) {
  std::string text;
  for (const TaskStatus status : kAllTaskStatuses) {
    if (count_of(counts, status) == 0) continue;
    if (!text.empty()) text += language == Language::kChinese ? "，" : ", ";
    text += fmt::format("{} {}", status_word(status, language), count_of(counts, status));
  }
  return text;
}

std::size_t total_of(const TaskCounts& counts) {
  return sum_of(counts, [](TaskStatus) { return true; });
}
std::size_t bad_of(const TaskCounts& counts) {
  return sum_of(counts, [](TaskStatus status) { return is_bad(status); });
}
std::size_t unfinished_of(const TaskCounts& counts) {
  return sum_of(counts, [](TaskStatus status) { return !is_finished(status); });
}

}  // namespace taskwatchd
