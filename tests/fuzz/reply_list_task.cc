// Reads any bytes as the body of a 200: a list page whose rows satisfy their invariants, or a
// failure.
#include "cloud/reply.h"
#include "fuzz_input.h"

using namespace taskwatchd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Outcome outcome = read_list_task(HttpReply{200, {}, std::string(text_of(data, size))});
  if (const auto* page = std::get_if<TaskPage>(&outcome)) {
    require(page->tasks.size() + page->unreadable <= 1000);
    require(page->next_token.size() <= 2048 && is_utf8(page->next_token));
    for (const TaskReply& task : page->tasks) {
      require(task.listed && task.message.empty() && task.status_detail.empty());
      require(!task.task_id.empty() && task.task_id.size() <= 128);
      require(task.status == TaskStatus::kUnknown || task.status_text.empty());
      require(!task.progress || (*task.progress >= 0 && *task.progress <= 100));
      for (const std::string* text : {&task.task_id, &task.job_id, &task.job_name,
                                      &task.product_key, &task.device_name, &task.status_text}) {
        require(text->size() <= 256 && is_utf8(*text));
      }
    }
  } else {
    const Failure& failure = std::get<Failure>(outcome);
    require(failure.message.size() <= 256 && is_printable(failure.message));
  }
  return 0;
}
