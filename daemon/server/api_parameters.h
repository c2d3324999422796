// Reads the parameters of one API query. The first invalid one becomes the response, which includes
// its name and the fix. An unknown name is invalid too, because a misspelt filter would return
// everything. No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/tracking/task_selection.h"
#include "server/api_question.h"

namespace taskwatchd {

class ApiParameters {
 public:
  // `question` must outlive this object.
  explicit ApiParameters(const ApiQuestion& question);

  // Empty if absent. At most 128 bytes.
  std::string text(std::string_view name);
  // Decimal, within the bounds.
  std::uint64_t number(std::string_view name, std::uint64_t least, std::uint64_t most,
                       std::uint64_t otherwise);
  // Rows per response: `limit`, 1 to 1,000; 100 if absent.
  std::uint64_t limit() { return number("limit", 1, 1000, 100); }
  // An event's id; nullopt if absent.
  std::optional<std::uint64_t> event_id(std::string_view name);
  // Adds statuses and the states pending and gone, separated by commas, to the filter.
  void statuses(std::string_view name, TaskFilter& filter);
  // Where a page of tasks begins: a result of to_cursor.
  TaskKey cursor(std::string_view name);

  void refuse(std::string_view name, std::string_view remedy);
  const std::optional<ApiReply>& wrong() const { return wrong_; }

 private:
  const ApiQuestion& question_;
  std::optional<ApiReply> wrong_;
};

// Letters and digits only, so that a URL needs no encoding.
std::string to_cursor(const TaskKey& key);
// Returns nullopt if the text is not a decimal number of at most 64 bits.
std::optional<std::uint64_t> decimal(std::string_view text);

}  // namespace taskwatchd
