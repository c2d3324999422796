// Shared parts of the list readers, and of the rows that single responses have in common with them.
// Internal to cloud/: errors are kept in the Members that were read.
#pragma once

#include <simdjson.h>

#include <string>

#include "cloud/members.h"
#include "core/types/job.h"
#include "core/types/task.h"

namespace taskwatchd {

// Twenty times the maximum of a page. The limit of the body alone would allow some thousands.
inline constexpr std::size_t kMaxRows = 1000;

// Reads the members of a ListTask row, which QueryTask returns too.
TaskReply read_task(Members& row);
// Reads the members of a ListJob row, which QueryJob returns too.
JobReply read_job(Members& row);

// The rows at Data.data of a complete response. A missing or empty Data and missing rows all mean a
// list without rows.
struct Rows {
  simdjson::dom::array array;
  bool any = false;   // false: `array` must not be used
  std::string error;  // not empty: this is not the documented response
};
Rows find_rows(Members& whole);

// Converts each row with `read` and appends it to `out`. Returns the number of rows that are not as
// documented and were skipped.
template <typename Row>
std::size_t read_rows(const Rows& rows, Row (*read)(Members&), std::vector<Row>& out) {
  std::size_t unreadable = 0;
  if (!rows.any) return unreadable;
  out.reserve(rows.array.size());
  for (const simdjson::dom::element item : rows.array) {
    simdjson::dom::object object;
    if (item.get_object().get(object) != simdjson::SUCCESS) {
      ++unreadable;
      continue;
    }
    Members members(object);
    Row row = read(members);
    if (members.error().empty()) {
      out.push_back(std::move(row));
    } else {
      ++unreadable;
    }
  }
  return unreadable;
}

}  // namespace taskwatchd
