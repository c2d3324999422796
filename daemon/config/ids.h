// Validates names and ids. The rule for TaskIds, is_valid_id, is in parse.h.
#pragma once

#include <string_view>

#include "core/types/time.h"

namespace taskwatchd {

// [A-Za-z0-9_-]{1,64}
bool is_account_name(std::string_view text);
// [a-z0-9-]{1,63}, as a part of a host name: no hyphen at either end. Whether the region exists is
// not checked: new regions appear.
bool is_region(std::string_view text);
// [a-zA-Z_][a-zA-Z0-9_]*, at most 64 characters, not beginning with __ (reserved by Prometheus).
bool is_label_name(std::string_view text);
// True for a label that our own metrics use, or that Prometheus adds to every scrape.
bool is_own_label(std::string_view text);

// acs:ram::ACCOUNT:role/NAME: a role that STS can assume.
bool is_role_arn(std::string_view text);
// The name of a RAM role, which becomes a part of a URL path: [A-Za-z0-9._-]{1,64}, not only dots.
bool is_role_name(std::string_view text);
// RoleSessionName: [A-Za-z0-9.@_-]{2,64}
bool is_session_name(std::string_view text);
// ExternalId: [A-Za-z0-9=,.@:/_-]{2,1224}
bool is_external_id(std::string_view text);
// 15 min to 12 h, the longest that any role permits.
bool is_session_duration(Duration duration);

}  // namespace taskwatchd
