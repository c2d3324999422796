// Parser of files of TaskIds, one per line. Other programs write such a file while we run, so an
// invalid line is skipped and the others are kept.
#include <unordered_map>

#include "config/characters.h"
#include "config/problems.h"
#include "config/task_file.h"
#include "core/events/device_text.h"

namespace taskwatchd {
namespace {

constexpr std::string_view kBlanks = " \t";
// A file of another kind would give one error per line.
constexpr std::size_t kMaxErrors = 100;

}  // namespace

TaskFile parse_task_file(std::string_view text, const std::string& file) {
  TaskFile result;
  result.file = file;
  Problems problems(file);
  std::unordered_map<std::string_view, int> lines;  // the first line of each id
  std::size_t bad_lines = 0;
  int line_number = 0;
  const MarkedText marked = without_mark(text);
  if (marked.problem != nullptr) {
    problems.add({1, 1}, std::string("the file ") + marked.problem + "; no task is read from it");
    result.errors = problems.take();
    return result;
  }
  text = marked.text;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    ++line_number;
    std::string_view id = line.substr(0, line.find('#'));
    const std::size_t begin = id.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) continue;
    id = id.substr(begin, id.find_last_not_of(kBlanks) - begin + 1);
    const YamlPlace place{line_number, static_cast<int>(begin) + 1};
    std::string problem;
    if (!is_valid_id(id)) {
      problem = shown(repair_utf8(id)) +
                " is not a valid task id: write one id per line, 1 to 128 printable ASCII "
                "characters without space, \" and \\; the line is ignored";
    } else if (const auto [at, is_new] = lines.try_emplace(id, line_number); !is_new) {
      problem = "task " + shown(id) + " is listed in line " + std::to_string(at->second) +
                " too; remove one";
    } else {
      result.tasks.emplace_back(id);
      result.lines.push_back(line_number);
      continue;
    }
    if (++bad_lines <= kMaxErrors) problems.add(place, std::move(problem));
  }
  if (bad_lines > kMaxErrors) {
    problems.end({}, std::to_string(bad_lines - kMaxErrors) +
                         " more bad lines; is this a file of task ids?");
  }
  result.errors = problems.take();
  return result;
}

}  // namespace taskwatchd
