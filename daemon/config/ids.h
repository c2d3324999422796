// Which words may name things. The rule for TaskIds, is_valid_id, is in parse.h.
#pragma once

#include <string_view>

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

}  // namespace taskwatchd
