// QueryTask: one task with its device's words.
#include "cloud/reply.h"
#include "cloud/reply_data.h"
#include "cloud/rows.h"

namespace taskwatchd {
namespace {

TaskReply read_whole_task(Members& data) {
  TaskReply task = read_task(data);
  task.message = data.device_words("Message");
  task.status_detail = data.device_words("StatusDetail");
  return task;
}

}  // namespace

Outcome read_query_task(const HttpResult& result) {
  return read_data(result, read_whole_task);
}

}  // namespace taskwatchd
