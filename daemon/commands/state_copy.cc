#include "commands/state_copy.h"

#include <algorithm>
#include <limits>
#include <map>
#include <ranges>

#include "config/problems.h"

namespace taskwatchd {
namespace {

constexpr std::string_view kLog = "log";  // the name of the event log's sink

std::string text_of(const Cell& cell) {
  if (const auto* const text = std::get_if<std::string>(&cell)) return all_shown(*text);
  if (const auto* const whole = std::get_if<std::int64_t>(&cell)) return std::to_string(*whole);
  return "";
}

std::string place_of(const StateTable& table, const CellRow& row) {
  std::string key;
  for (std::size_t i = 0; i < table.keys; ++i) key += (i == 0 ? "" : ", ") + text_of(row[i]);
  return "table " + std::string(table.name) + ", key (" + key + ")";
}

CellRow key_of(const StateTable& table, const CellRow& row) {
  return {row.begin(), row.begin() + static_cast<std::ptrdiff_t>(table.keys)};
}

std::optional<std::size_t> account_column(const StateTable& table) {
  std::size_t at = 0;
  for (const auto column : std::views::split(table.columns, ',')) {
    if (std::string_view(column.begin(), column.end()) == "account") return at;
    ++at;
  }
  return std::nullopt;
}

class Copy {
 public:
  Copy(const CopySide& from, const CopySide& to, const CopyProgress& progress)
      : from_(from), to_(to), progress_(progress) {}

  std::optional<OpenError> run() {
    if (auto error = refuse()) return error;
    for (const StateTable& table : kStateTables) {
      if (&table != &kCursorTable) copy(table);
    }
    const std::vector<CellRow> cursors = translated(read_cursors());
    if (!cursors.empty()) to_.rows.insert(kCursorTable, cursors);
    const std::int64_t last = from_.rows.last_event_id();
    to_.rows.set_last_event_id(last);

    for (const StateTable& table : kStateTables) {
      auto error = &table == &kCursorTable ? compare(table, cursors) : compare(table);
      if (error) return error;
    }
    if (to_.rows.last_event_id() != last) return difference("the newest event id");
    to_.rows.commit();
    return std::nullopt;
  }

 private:
  std::optional<OpenError> refuse() {
    for (const CopySide* const side : {&from_, &to_}) {
      if (!side->rows.is_of_newer_version()) continue;
      return OpenError{OpenError::Kind::kNewer,
                       side->name +
                           " was extended by a newer taskwatchd, and a copy would lose "
                           "what that added: run that version's `state copy`"};
    }
    bool empty = to_.rows.last_event_id() == 0;
    for (const StateTable& table : kStateTables) empty = empty && to_.rows.count(table) == 0;
    if (empty) return std::nullopt;
    return OpenError{OpenError::Kind::kRefused,
                     to_.name +
                         " is not empty, so nothing was copied: set another --to or "
                         "--schema, or remove that state first"};
  }

  void copy(const StateTable& table) {
    const auto account = account_column(table);
    std::int64_t rows = 0;
    from_.rows.open(table);
    for (;;) {
      const std::vector<CellRow> page = from_.rows.next_page();
      if (page.empty()) break;
      to_.rows.insert(table, page);
      for (const CellRow& row : page) {
        if (account) note(table, std::get<std::string>(row[*account]), row);
      }
      rows += static_cast<std::int64_t>(page.size());
      progress_("copying", table, rows, false);
    }
    progress_("copying", table, rows, true);
  }

  // Remembers the account, and its first event.
  void note(const StateTable& table, const std::string& account, const CellRow& row) {
    if (account.empty()) return;  // an event of the daemon itself
    const auto found = first_event_.try_emplace(account, kNone).first;
    if (table.name != "events") return;
    found->second = std::min(found->second, std::get<std::int64_t>(row[0]));
  }

  std::vector<CellRow> read_cursors() {
    std::vector<CellRow> cursors;
    from_.rows.open(kCursorTable);
    for (;;) {
      std::vector<CellRow> page = from_.rows.next_page();
      if (page.empty()) return cursors;
      std::ranges::move(page, std::back_inserter(cursors));
    }
  }

  // The cursors as the target's daemons read them. No event that the log still lacks is skipped.
  std::vector<CellRow> translated(std::vector<CellRow> cursors) const {
    if (from_.has_account_cursors == to_.has_account_cursors) return cursors;
    const std::string prefix = std::string(kLog) + "/";
    std::vector<CellRow> made;
    if (to_.has_account_cursors) {
      for (CellRow& row : cursors) {
        if (std::get<std::string>(row[0]) != kLog) {
          made.push_back(std::move(row));
          continue;
        }
        for (const auto& [account, first] : first_event_)
          made.push_back({prefix + account, row[1]});
      }
      return made;
    }
    std::map<std::string, std::int64_t> by_account;
    for (CellRow& row : cursors) {
      const auto& sink = std::get<std::string>(row[0]);
      if (sink.starts_with(prefix)) {
        by_account[sink.substr(prefix.size())] = std::get<std::int64_t>(row[1]);
      } else {
        made.push_back(std::move(row));
      }
    }
    if (by_account.empty()) return made;
    std::int64_t lowest = kNone;
    for (const auto& [account, cursor] : by_account) lowest = std::min(lowest, cursor);
    for (const auto& [account, first] : first_event_) {
      if (first != kNone && !by_account.contains(account)) lowest = std::min(lowest, first - 1);
    }
    made.push_back({std::string(kLog), lowest});
    return made;
  }

  std::optional<OpenError> difference(const std::string& where) const {
    return OpenError{OpenError::Kind::kUnusable, from_.name + " and " + to_.name + " differ in " +
                                                     where +
                                                     "; nothing was changed: report this error"};
  }

  std::optional<OpenError> compare(const StateTable& table) {
    std::int64_t rows = 0;
    from_.rows.open(table);
    for (;;) {
      const std::vector<CellRow> page = from_.rows.next_page();
      if (page.empty()) break;
      if (auto error = compare_page(table, page)) return error;
      rows += static_cast<std::int64_t>(page.size());
      progress_("comparing", table, rows, false);
    }
    progress_("comparing", table, rows, true);
    return compare_count(table, rows);
  }

  std::optional<OpenError> compare(const StateTable& table, const std::vector<CellRow>& expected) {
    if (auto error = compare_page(table, expected)) return error;
    return compare_count(table, static_cast<std::int64_t>(expected.size()));
  }

  std::optional<OpenError> compare_count(const StateTable& table, std::int64_t expected) {
    const std::int64_t found = to_.rows.count(table);
    if (found == expected) return std::nullopt;
    return difference("table " + std::string(table.name) + ": " + std::to_string(expected) +
                      " and " + std::to_string(found) + " rows");
  }

  std::optional<OpenError> compare_page(const StateTable& table, const std::vector<CellRow>& page) {
    std::map<CellRow, CellRow> found;
    for (CellRow& row : to_.rows.find(table, page)) {
      CellRow key = key_of(table, row);
      found.emplace(std::move(key), std::move(row));
    }
    for (const CellRow& row : page) {
      const auto same = found.find(key_of(table, row));
      if (same == found.end()) return difference(place_of(table, row) + ": the row is missing");
      if (same->second != row)
        return difference(place_of(table, row) + column_of(table, row, same->second));
    }
    return std::nullopt;
  }

  static std::string column_of(const StateTable& table, const CellRow& a, const CellRow& b) {
    std::size_t at = 0;
    for (const auto column : std::views::split(table.columns, ',')) {
      if (at >= b.size() || a[at] != b[at]) {
        return ": the column " + std::string(column.begin(), column.end());
      }
      ++at;
    }
    return "";
  }

  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();

  const CopySide& from_;
  const CopySide& to_;
  const CopyProgress& progress_;
  std::map<std::string, std::int64_t> first_event_;  // by account; kNone: it has none
};

}  // namespace

std::optional<OpenError> copy_state(const CopySide& from, const CopySide& to,
                                    const CopyProgress& progress) {
  return Copy(from, to, progress).run();
}

}  // namespace taskwatchd
