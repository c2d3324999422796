// The supported operations: one table row and one function each. To add an operation, add a file
// with its function and its row in model_action.cc.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "simulator/model_gate.h"
#include "simulator/model_random.h"
#include "simulator/model_time.h"

namespace iotsim {

class ResultLinks;

// The data that an operation may use.
struct ActionContext {
  World& world;
  const Switches& switches;
  Random& random;
  const Call& call;
  Caller caller;
  const Instance* instance = nullptr;  // the call's instance; null for operations without instances
  Now now;
  std::int64_t world_ms = 0;  // the instant whose state is returned; older if stale
  bool wrong_task = false;    // return another item instead
  ResultLinks& links;
  std::set<std::string>& used_tokens;  // pagination tokens used so far, for single_use_tokens
  const std::string& file_base;        // prefix of links to result files: https://HOST
};

// The members of the response next to RequestId and Success.
using ActionAnswer = std::variant<std::vector<Member>, Refusal>;

struct Action {
  std::string_view name;
  std::string_view version;
  int quota;              // calls per second and account, as documented
  bool wants_instance;    // takes IotInstanceId
  std::string_view item;  // parameter with the id of the item, for the call log
  ActionAnswer (*answer)(ActionContext& context);
};

// Returns nullptr for an unknown name.
const Action* find_action(std::string_view name);

ActionAnswer list_job(ActionContext& context);
ActionAnswer list_task(ActionContext& context);
ActionAnswer query_distribution(ActionContext& context);
ActionAnswer query_distribution_detail(ActionContext& context);
ActionAnswer query_job(ActionContext& context);
ActionAnswer query_job_statistics(ActionContext& context);
ActionAnswer query_task(ActionContext& context);

}  // namespace iotsim
