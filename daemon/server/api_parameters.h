// The parameters of one question to the API. The first that is wrong becomes the answer, which
// names it and the mend; a name that the route does not know is wrong too, for a filter misspelt
// would show everything. Pure.
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
  // `question` must outlive this.
  explicit ApiParameters(const ApiQuestion& question);

  // Empty if it is not given. At most 128 bytes.
  std::string text(std::string_view name);
  // Decimal, within the bounds.
  std::uint64_t number(std::string_view name, std::uint64_t least, std::uint64_t most,
                       std::uint64_t otherwise);
  // Rows in an answer: `limit`, 1 to 1,000; 100 if it is not given.
  std::uint64_t limit() { return number("limit", 1, 1000, 100); }
  // An event's id; nothing if it is not given.
  std::optional<std::uint64_t> event_id(std::string_view name);
  // Statuses and the states pending and gone, separated by commas, into the filter.
  void statuses(std::string_view name, TaskFilter& filter);
  // Where a page of tasks begins: what to_cursor made.
  TaskKey cursor(std::string_view name);

  void refuse(std::string_view name, std::string_view mend);
  const std::optional<ApiReply>& wrong() const { return wrong_; }

 private:
  const ApiQuestion& question_;
  std::optional<ApiReply> wrong_;
};

// Letters and digits alone, so that it needs no encoding in a URL.
std::string to_cursor(const TaskKey& key);
// Nothing if it is not a decimal number of at most 64 bits.
std::optional<std::uint64_t> decimal(std::string_view text);

}  // namespace taskwatchd
