// ListTask: a page of a job's tasks.
#include "cloud/envelope.h"
#include "cloud/reply.h"
#include "cloud/rows.h"

namespace taskwatchd {
namespace {

// It goes into the next request's URL, percent-encoded: at most three times as long there.
constexpr std::size_t kTokenLimit = 2048;  // bytes

TaskReply read_row(Members& row) {
  TaskReply task = read_task(row);
  task.listed = true;
  return task;
}

}  // namespace

Outcome read_list_task(const HttpResult& result) {
  simdjson::dom::parser parser;
  const auto envelope = read_envelope(result, parser);
  if (const auto* failure = std::get_if<Failure>(&envelope)) return *failure;
  const auto& [whole, request_id] = std::get<Envelope>(envelope);
  Members outer(whole);
  const Rows rows = find_rows(outer);
  TaskPage page;
  if (outer.find("NextToken")) page.next_token = outer.needed_text("NextToken");
  std::string error = rows.error.empty() ? outer.error() : rows.error;
  if (page.next_token.size() > kTokenLimit) error = "NextToken is too long";
  if (!error.empty()) return protocol_failure(std::get<HttpReply>(result), request_id, error);
  page.unreadable = read_rows(rows, read_row, page.tasks);
  return page;
}

}  // namespace taskwatchd
