// Copies a state from one database to another, row by row, and compares both. The target changes
// only if everything is equal. Memory: some thousand rows. Throws StateFault (io/state_rows.h).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "io/state_rows.h"

namespace taskwatchd {

struct CopySide {
  StateRows& rows;
  std::string name;                  // for messages
  bool has_account_cursors = false;  // the log has a cursor per account: several replicas
};

// Called after each page: what is done ("copying", "comparing"), the table, its rows so far, and
// whether that was the last page.
using CopyProgress =
    std::function<void(const char* action, const StateTable& table, std::int64_t rows, bool last)>;

// Returns why the copy was refused or is not equal; then nothing was changed.
std::optional<OpenError> copy_state(const CopySide& from, const CopySide& to,
                                    const CopyProgress& progress);

}  // namespace taskwatchd
