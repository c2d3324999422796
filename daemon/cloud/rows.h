// What the rows of lists have in common, and the rows that single replies share with them.
// Internal to the cloud room: errors are kept in the Members that were read.
#pragma once

#include <simdjson.h>

#include <string>

#include "cloud/members.h"
#include "core/types/job.h"
#include "core/types/task.h"

namespace taskwatchd {

// Twenty times what a page may hold. The body's own limit allows for some thousands.
inline constexpr std::size_t kMaxRows = 1000;

// All that a row of ListTask says, which QueryTask says too.
TaskReply read_task(Members& row);
// All that a row of ListJob says, which QueryJob says too.
JobReply read_job(Members& row);

// The rows at Data.data of a whole reply. No Data, an empty one and no rows are all a list without
// rows.
struct Rows {
  simdjson::dom::array array;
  bool any = false;   // false: `array` is not to be touched
  std::string error;  // not empty: it is not the documented reply
};
Rows find_rows(Members& whole);

// Each row by `read` into `out`; returns how many are not as documented and were left out.
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
