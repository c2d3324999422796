// Which words may name things. The rule for TaskIds, is_valid_id, is in parse.h.
#pragma once

#include <string_view>

#include "core/types/time.h"

namespace taskwatchd {

// [A-Za-z0-9_-]{1,64}
bool is_account_name(std::string_view text);
// [a-z0-9-]{1,63}, as a part of a host name: no hyphen at either end. New regions appear: whether
// the cloud has it is for the cloud to say.
bool is_region(std::string_view text);
// [a-zA-Z_][a-zA-Z0-9_]*, at most 64, not beginning with __ (Prometheus keeps those for itself).
bool is_label_name(std::string_view text);
// A label that our own metrics of watched things bear, or that every scrape adds.
bool is_own_label(std::string_view text);

// acs:ram::ACCOUNT:role/NAME: a role that STS may be asked for.
bool is_role_arn(std::string_view text);
// A RAM role's own name, which becomes a part of a path: [A-Za-z0-9._-]{1,64}, not only dots.
bool is_role_name(std::string_view text);
// RoleSessionName: [A-Za-z0-9.@_-]{2,64}
bool is_session_name(std::string_view text);
// ExternalId: [A-Za-z0-9=,.@:/_-]{2,1224}
bool is_external_id(std::string_view text);
// 15 min to 12 h, which is the most that any role may be set to.
bool is_session_duration(Duration duration);

}  // namespace taskwatchd
