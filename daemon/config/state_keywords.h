// The parameters that the URL of the PostgreSQL state database may have. They are checked here, not
// by libpq: it would report an unknown one only at the connection, and would accept a password. No
// I/O; any thread; throws nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace taskwatchd {

// What is wrong with a URL that contains the password of the role, and the fix.
inline constexpr char kPasswordInUrl[] =
    "must not contain a password; put the password into a separate file (mode 0400), set its path "
    "as `state.password_file` or put it into libpq's password file (PGPASSFILE), and change the "
    "password if this file was shared";

// Returns what is wrong with a decoded keyword of libpq and how to fix it, to be appended to
// "`url` "; nullopt if the URL may contain it.
std::optional<std::string> state_keyword_problem(std::string_view keyword);

// The same, but nullopt for each keyword that is not one of a password, correctly spelled or not.
std::optional<std::string> password_keyword_problem(std::string_view keyword);

}  // namespace taskwatchd
