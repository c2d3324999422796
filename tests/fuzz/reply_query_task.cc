// Reads any bytes as the body of a 200: a task that satisfies its invariants, or a failure.
#include "cloud/reply.h"
#include "fuzz_input.h"

using namespace taskwatchd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Outcome outcome = read_query_task(HttpReply{200, {}, std::string(text_of(data, size))});
  if (const auto* task = std::get_if<TaskReply>(&outcome)) {
    require(!task->task_id.empty() && task->task_id.size() <= 128);
    require(task->status == TaskStatus::kUnknown || task->status_text.empty());
    require(!task->progress || (*task->progress >= 0 && *task->progress <= 100));
    for (const std::string* text :
         {&task->task_id, &task->job_id, &task->job_name, &task->product_key, &task->device_name,
          &task->status_text, &task->message, &task->status_detail}) {
      require(text->size() <= 4096 && is_utf8(*text));
    }
  } else {
    const Failure& failure = std::get<Failure>(outcome);
    require(failure.message.size() <= 256 && is_printable(failure.message));
  }
  return 0;
}
