#include "cloud/rows.h"

namespace taskwatchd {
namespace {

using simdjson::dom::element;

// True for "", [], {} and similar values of a list without rows.
bool is_empty(const element& value) {
  std::string_view text;
  simdjson::dom::array array;
  simdjson::dom::object object;
  return value.is_null() || (value.get_string().get(text) == simdjson::SUCCESS && text.empty()) ||
         (value.get_array().get(array) == simdjson::SUCCESS && array.size() == 0) ||
         (value.get_object().get(object) == simdjson::SUCCESS && object.size() == 0);
}

}  // namespace

TaskReply read_task(Members& row) {
  TaskReply task;
  task.task_id = row.needed_id("TaskId");
  task.job_id = row.optional_id("JobId");
  task.job_name = row.name_text("JobName");
  task.product_key = row.name_text("ProductKey");
  task.device_name = row.name_text("DeviceName");
  const std::string status = row.needed_text("Status");
  task.status = parse_task_status(status);
  if (task.status == TaskStatus::kUnknown) task.status_text = keep(status, kNameLimit);
  task.progress = row.percent("Progress");
  task.modified = row.needed_time("UtcModified");
  task.queued = row.needed_time("UtcQueueTime");
  return task;
}

JobReply read_job(Members& row) {
  constexpr double kLastMs = 253'402'300'799'999;  // the end of the year 9999
  JobReply job;
  job.job_id = row.needed_id("JobId");
  job.job_name = row.name_text("JobName");
  job.type = row.name_text("Type");
  const std::string status = row.needed_text("Status");
  job.status = parse_job_status(status);
  if (job.status == JobStatus::kUnknown) job.status_text = keep(status, kNameLimit);
  if (const auto ms = row.setting("ScheduledTime", kLastMs)) {
    job.scheduled = Wall(std::chrono::milliseconds(static_cast<std::int64_t>(*ms)));
  }
  job.created = row.needed_time("UtcCreate");
  job.modified = row.needed_time("UtcModified");
  return job;
}

Rows find_rows(Members& whole) {
  Rows rows;
  const std::optional<element> data = whole.find("Data");
  if (!data || is_empty(*data)) return rows;
  simdjson::dom::object object;
  if (data->get_object().get(object) != simdjson::SUCCESS) {
    rows.error = "Data is not an object";
    return rows;
  }
  Members inner(object);
  const std::optional<element> list = inner.find("data");
  if (!inner.error().empty()) {
    rows.error = "Data." + inner.error();
  } else if (!list) {
    // Rows under another name would look like an empty list forever, and nobody would notice.
    const bool is_null = object.at_key("data").error() == simdjson::SUCCESS;
    if (!is_null) rows.error = "Data.data is missing";
  } else if (is_empty(*list)) {
    return rows;
  } else if (list->get_array().get(rows.array) != simdjson::SUCCESS) {
    rows.error = "Data.data is not a list";
  } else if (rows.array.size() > kMaxRows) {
    rows.error = "Data.data has more than " + std::to_string(kMaxRows) + " rows";
  } else {
    rows.any = true;
  }
  return rows;
}

}  // namespace taskwatchd
