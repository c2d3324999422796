// The operations that the cloud knows: one row and one function each. A new operation is a new
// file with its function, and its row in model_action.cc.
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

// What an operation may look at.
struct ActionContext {
  World& world;
  const Switches& switches;
  Random& random;
  const Call& call;
  Caller caller;
  const Instance* instance = nullptr;  // that of the call; null for operations without instances
  Now now;
  std::int64_t world_ms = 0;  // the instant whose truth is told; older if stale
  bool wrong_task = false;    // mix it up with another one
  ResultLinks& links;
  std::set<std::string>& used_tokens;  // of lists, where each is taken once only
  const std::string& file_base;        // what links to files begin with: https://HOST
};

// The members of the reply beside RequestId and Success.
using ActionAnswer = std::variant<std::vector<Member>, Refusal>;

struct Action {
  std::string_view name;
  std::string_view version;
  int quota;              // calls per second and account, as documented
  bool wants_instance;    // takes IotInstanceId
  std::string_view item;  // the parameter that names the thing asked for, for the call log
  ActionAnswer (*answer)(ActionContext& context);
};

// Nothing for an unknown name.
const Action* find_action(std::string_view name);

ActionAnswer list_job(ActionContext& context);
ActionAnswer list_task(ActionContext& context);
ActionAnswer query_distribution(ActionContext& context);
ActionAnswer query_distribution_detail(ActionContext& context);
ActionAnswer query_job(ActionContext& context);
ActionAnswer query_job_statistics(ActionContext& context);
ActionAnswer query_task(ActionContext& context);

}  // namespace iotsim
