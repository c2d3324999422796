// What ends or hinders a command is said on stderr, beside any log. Any thread.
#pragma once

#include <string>

namespace taskwatchd {

// "taskwatchd: TEXT" as one line.
void complain(const std::string& text);

}  // namespace taskwatchd
