// ListTask, as documented at help.aliyun.com/zh/iot/developer-reference/api-listtask. Neither the
// order of a list nor the content of a NextToken is documented: switches choose both.
#include <memory>

#include "simulator/model_device.h"
#include "simulator/model_job_state.h"
#include "simulator/model_ledger.h"
#include "simulator/model_task_data.h"
#include "simulator/model_token.h"

namespace iotsim {
namespace {

constexpr std::int64_t kMaxLimit = 50;

// What a call lists.
struct Wanted {
  TaskLedger* ledger = nullptr;
  std::unique_ptr<TaskLedger> of_device;
  std::string name;  // unique per list; pagination tokens contain it
  std::optional<Status> filter;
  std::size_t limit = 0;
  std::optional<PageToken> token;
};

Refusal bad_token(bool expired) {
  // The error code is not documented.
  if (expired) return {200, "iot.job.NextTokenExpired", "The NextToken has expired.", true};
  return {200, "iot.job.InvalidNextToken", "The NextToken is invalid.", true};
}

// Returns the device's tasks in all jobs of the instance. Reads every task of the world.
std::vector<Task*> tasks_of(const ActionContext& context, const DeviceName& device) {
  std::vector<Task*> tasks;
  for (const Job& job : context.world.jobs()) {
    if (&context.world.instances()[job.spec.instance] != context.instance) continue;
    for (Task* const task : job.tasks) {
      const bool is_it = device.iot_id.empty()
                             ? job.spec.product_key == device.product_key &&
                                   context.world.device_name(*task) == device.device
                             : context.world.iot_id(*task) == device.iot_id;
      if (is_it) tasks.push_back(task);
    }
  }
  return tasks;
}

std::optional<Refusal> read_source(ActionContext& context, Wanted& wanted) {
  const std::string* const job_id = context.call.parameter("JobId");
  const std::string* const device_text = context.call.parameter("Device");
  if ((job_id == nullptr) == (device_text == nullptr)) {
    return invalid("Either JobId or Device must be given.");
  }
  if (job_id != nullptr) {
    const auto found = find_job(context);
    if (const auto* const refusal = std::get_if<Refusal>(&found)) return *refusal;
    wanted.ledger = &context.world.ledger(*std::get<const Job*>(found));
    wanted.name = "job " + *job_id;
  } else {
    const auto device = parse_device(*device_text);
    if (!device) return invalid("Device must name an IotId, or a ProductKey and a DeviceName.");
    wanted.of_device = std::make_unique<TaskLedger>(context.world, tasks_of(context, *device),
                                                    context.world.progress_bumps_modified);
    wanted.ledger = wanted.of_device.get();
    wanted.name = "device " + device->iot_id + ' ' + device->product_key + ' ' + device->device;
  }
  wanted.ledger->move_to(context.world_ms);
  return std::nullopt;
}

std::optional<Refusal> read_page(ActionContext& context, Wanted& wanted) {
  if (context.call.parameter("Limit") == nullptr) return missing("Limit");
  const auto limit = whole_parameter(context.call, "Limit");
  if (!limit || *limit < 1 || *limit > kMaxLimit) {
    return Refusal{200, "iot.common.InvalidPageParams", "Limit must be from 1 to 50.", true};
  }
  wanted.limit = static_cast<std::size_t>(*limit);
  const std::string* const status = context.call.parameter("Status");
  if (status != nullptr && !status->empty()) {
    wanted.filter = parse_status(*status);
    if (*wanted.filter == Status::kOther) return invalid("Status is not one of a task.");
    wanted.name += ' ' + *status;
  }
  const std::string* const text = context.call.parameter("NextToken");
  if (text == nullptr || text->empty()) return std::nullopt;
  wanted.token = read_token(*text);
  if (!wanted.token || wanted.token->list != wanted.name) return bad_token(false);
  const std::int64_t age_us = context.now.mono_us - wanted.token->issued_us;
  if (age_us > context.switches.token_ms * 1000) return bad_token(true);
  if (context.random.chance(context.switches.refused_tokens)) return bad_token(false);
  if (context.switches.single_use_tokens && !context.used_tokens.insert(*text).second) {
    return bad_token(false);
  }
  return std::nullopt;
}

ListOrder choose_order(ActionContext& context, const Wanted& wanted) {
  const std::string& word = context.switches.page_order;
  if (word == "newest") return ListOrder::kNewest;
  if (word == "oldest") return ListOrder::kOldest;
  if (word == "id") return ListOrder::kId;
  if (word == "per_list" && wanted.token) return wanted.token->order;
  return static_cast<ListOrder>(context.random.below(3));
}

std::size_t first_place(const Wanted& wanted, ListOrder order) {
  if (!wanted.token) return wanted.ledger->at(wanted.filter, order, 0);
  const PageToken& token = *wanted.token;
  if (token.is_offset) return wanted.ledger->at(wanted.filter, order, token.offset);
  return wanted.ledger->after(wanted.filter, order, token.key);
}

}  // namespace

ActionAnswer list_task(ActionContext& context) {
  Wanted wanted;
  if (const auto refusal = read_source(context, wanted)) return *refusal;
  if (const auto refusal = read_page(context, wanted)) return *refusal;
  const ListOrder order = choose_order(context, wanted);
  const TaskLedger& ledger = *wanted.ledger;

  PageToken next;
  next.issued_us = context.now.mono_us;
  next.is_offset = context.switches.token_kind == "offset";
  next.order = order;
  next.list = wanted.name;
  next.offset = wanted.token ? wanted.token->offset : 0;
  std::vector<Value> rows;
  rows.reserve(wanted.limit);
  std::size_t place = first_place(wanted, order);
  for (; place != TaskLedger::kEnd && rows.size() < wanted.limit;
       place = ledger.next(wanted.filter, order, place)) {
    const Task& task = ledger.task(order, place);
    auto state = context.world.status_at(task, context.world_ms);
    ++next.offset;
    if (!state) continue;
    next.key = {state->modified_ms, task.id};
    if (context.random.chance(context.switches.list_skips)) continue;
    const std::string true_word = state->word;
    apply_switches(task, context.switches, *state);
    // A row whose status was changed by a switch no longer matches the filter.
    if (wanted.filter && state->word != true_word) continue;
    rows.push_back(task_data(context.world, task, *state, context.switches, TaskDetail::kListed));
  }
  std::vector<Member> members;
  const std::string& endless = context.switches.endless_list;
  const std::string& endless_job = context.switches.endless_job;
  const bool ends =
      endless == "off" || (!endless_job.empty() && wanted.name.find("job " + endless_job) != 0);
  if (!ends && place == TaskLedger::kEnd && endless == "same") {
    next.issued_us -= next.issued_us % 30'000'000;  // gives the same token each time
    next.offset = 0;
  }
  if (!ends || place != TaskLedger::kEnd) {
    members.push_back({"NextToken", text_value(write_token(next))});
  }
  members.push_back({"Data", object({{"data", array(std::move(rows))}})});
  return members;
}

}  // namespace iotsim
