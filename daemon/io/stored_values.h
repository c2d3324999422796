// What the columns of a state database contain, for every database. No I/O.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/event.h"
#include "core/types/change.h"
#include "core/types/time.h"

namespace taskwatchd {

inline constexpr std::array<std::string_view, 2> kCounterNames = {"transitions", "first_seen"};
inline constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warn", "error"};

// The columns that this version knows, by name, in the order in which rows are read: the next
// version may have added others, which stay as they are.
inline constexpr std::string_view kTaskColumns =
    "account,task_id,instance,job_id,job_name,product_key,device_name,status,status_text,progress,"
    "message,status_detail,modified_ms,queued_ms,attempt,first_seen_ms,last_seen_ms,started_ms,"
    "superseded,gone";
inline constexpr std::string_view kJobColumns =
    "account,job_id,instance,job_name,type,status,status_text,timeout_us,rollout_per_minute,"
    "scheduled_ms,created_ms,modified_ms,first_seen_ms,last_seen_ms,baselined,ended_ms";
inline constexpr std::string_view kDistributionColumns =
    "account,distribution_id,status,status_text,product_key,source_instance,target_instances,total,"
    "created_ms,first_seen_ms,last_seen_ms,ended_ms,result_read_ms,result,fetch_begun_ms,refusals";
inline constexpr std::string_view kSinkColumns = "sink,event_id,memory,at_ms,success_ms";
inline constexpr std::string_view kMuteColumns =
    "id,sink,account,job,comment,created_by,created_ms,until_ms";
inline constexpr std::string_view kEventColumns = "id,ts_ms,name,account,job_id,task_id,body,level";

// The event without its id, as the column `body` contains it.
std::string event_body(const Event& event);

// target_instances: each id followed by a line end.
std::string joined_ids(const std::vector<std::string>& ids);
std::vector<std::string> parted_ids(std::string_view text);

// Returns the newest time contained in the commit, used as the time of the rows it creates; nullopt
// if it contains none.
std::optional<Wall> instant_of(const Commit& commit);

}  // namespace taskwatchd
