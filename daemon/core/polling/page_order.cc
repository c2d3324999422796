#include "core/polling/page_order.h"

namespace taskwatchd {

void PageOrder::learn(const std::vector<TaskReply>& rows) {
  std::size_t rises = 0, falls = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].modified > rows[i - 1].modified) ++rises;
    if (rows[i].modified < rows[i - 1].modified) ++falls;
  }
  if (rises + falls + 1 < kConclusiveRows) return;
  const Kind kind = rises == 0   ? Kind::kNewestFirst
                    : falls == 0 ? Kind::kOldestFirst
                                 : Kind::kOther;
  agreeing_ = kind == last_ ? agreeing_ + 1 : 1;
  last_ = kind;
}

}  // namespace taskwatchd
