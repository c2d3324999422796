#include "cloud/reply.h"

#include "cloud/envelope.h"
#include "cloud/members.h"

namespace taskwatchd {
namespace {

TaskReply read_task(Members& data) {
  TaskReply task;
  task.task_id = data.needed_id("TaskId");
  task.job_id = data.optional_id("JobId");
  task.job_name = data.name_text("JobName");
  task.product_key = data.name_text("ProductKey");
  task.device_name = data.name_text("DeviceName");
  const std::string status = data.needed_text("Status");
  task.status = parse_task_status(status);
  if (task.status == TaskStatus::kUnknown) task.status_text = keep(status, kNameLimit);
  task.progress = data.percent("Progress");
  task.message = data.device_words("Message");
  task.status_detail = data.device_words("StatusDetail");
  task.modified = data.needed_time("UtcModified");
  task.queued = data.needed_time("UtcQueueTime");
  return task;
}

}  // namespace

Outcome read_query_task(const HttpResult& result) {
  simdjson::dom::parser parser;
  const auto envelope = read_envelope(result, parser);
  if (const auto* failure = std::get_if<Failure>(&envelope)) return *failure;
  const auto& [whole, request_id] = std::get<Envelope>(envelope);
  const HttpReply& reply = std::get<HttpReply>(result);

  Members outer(whole);
  const auto data = outer.find("Data");
  simdjson::dom::object object;
  if (!data || data->get_object().get(object) != simdjson::SUCCESS) {
    return protocol_failure(reply, request_id, data ? "Data is not an object" : "Data is missing");
  }
  Members members(object);
  TaskReply task = read_task(members);
  if (!members.error().empty()) return protocol_failure(reply, request_id, members.error());
  return task;
}

}  // namespace taskwatchd
