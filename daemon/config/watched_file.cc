#include "config/watched_file.h"
#include "config/task_file.h"

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <utility>

namespace taskwatchd {
namespace {

// Returns all tasks of `old`, in their order, followed by the new ones of `fresh`; nullopt if no
// task of `old` is missing in `fresh`.
std::optional<TaskFile> joined(const TaskFile& fresh, const TaskFile& old) {
  std::unordered_map<std::string_view, int> left;  // tasks of `fresh` with their line numbers
  for (std::size_t i = 0; i < fresh.tasks.size(); ++i) left.emplace(fresh.tasks[i], fresh.lines[i]);
  TaskFile all = old;
  all.errors = fresh.errors;
  std::size_t found = 0;
  for (std::size_t i = 0; i < all.tasks.size(); ++i) {
    const auto at = left.find(all.tasks[i]);
    if (at == left.end()) continue;
    all.lines[i] = at->second;
    left.erase(at);
    ++found;
  }
  if (found == old.tasks.size()) return std::nullopt;
  for (std::size_t i = 0; i < fresh.tasks.size(); ++i) {
    if (!left.contains(fresh.tasks[i])) continue;
    all.tasks.push_back(fresh.tasks[i]);
    all.lines.push_back(fresh.lines[i]);
  }
  return all;
}

bool same(const std::vector<ConfigError>& one, const std::vector<ConfigError>& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](const ConfigError& a, const ConfigError& b) {
                      return a.line == b.line && a.message == b.message;
                    });
}

}  // namespace

bool WatchedFile::see(std::optional<std::string_view> text, Duration age, Mono now) {
  const std::string_view all = text.value_or(std::string_view());
  const std::size_t digest = std::hash<std::string_view>()(all);
  if (!seen_) {
    changed_ = now - std::clamp(age, Duration::zero(), kLineAfter);
  } else if (digest != digest_ || absent_ == text.has_value()) {
    changed_ = now;
  } else if (!due_) {
    return false;
  }
  seen_ = true;
  absent_ = !text;
  digest_ = digest;

  const bool unended = !all.empty() && !all.ends_with('\n');
  const Mono settled = changed_ + (unended ? kLineAfter : kDropAfter);
  due_.reset();
  if (now >= settled) {
    kept_since_.reset();
    return take(parse_task_file(all, taken_.file));
  }
  TaskFile fresh = parse_task_file(all.substr(0, all.rfind('\n') + 1), taken_.file);
  const bool late = kept_since_ && now - *kept_since_ >= kKeepAtMost;
  std::optional<TaskFile> kept;
  if (!late) kept = joined(fresh, taken_);
  if (!kept) {
    kept_since_.reset();
  } else if (!kept_since_) {
    kept_since_ = now;
  }
  if (kept || unended) due_ = settled;
  return take(kept ? std::move(*kept) : std::move(fresh));
}

bool WatchedFile::take(TaskFile fresh) {
  const bool changed = fresh.tasks != taken_.tasks || !same(fresh.errors, taken_.errors);
  taken_ = std::move(fresh);
  return changed;
}

}  // namespace taskwatchd
