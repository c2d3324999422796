#include "cloud/result_json.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace taskwatchd {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::size_t kRowBytes = 512U << 10U;       // one row's text
constexpr std::size_t kWrapperBytes = 1024U << 10U;  // the text around the list
constexpr std::size_t kKeptKeyBytes = 256;

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(kBlanks, at), text.size());
}

// Returns the offset after the string that begins at `at`; npos if it is truncated.
std::size_t skip_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

// Returns the offset after the object or array that begins at `at`; npos if it is truncated or
// nested too deeply.
std::size_t skip_nested(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = skip_string(text, at);
      if (at == std::string_view::npos) return at;
      continue;
    }
    ++at;
    if (c == '{' || c == '[') {
      if (++depth > kResultNesting) return std::string_view::npos;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return at;
    }
  }
  return std::string_view::npos;
}

class JsonRows {
 public:
  explicit JsonRows(ResultTally& tally) : tally_(tally), rows_(tally) {
    is_ready_ = parser_.allocate(kRowBytes, kResultNesting) == simdjson::SUCCESS;
  }

  // Adds one row. Returns false if reading must end.
  bool add(std::string_view text, std::size_t line) {
    rows_.begin(line);
    simdjson::dom::object object;
    if (!parse(text, object)) {
      rows_.fail("is not a JSON object");
      return false;
    }
    for (const auto& [key, value] : object) {
      const ResultRole role = role_of(key);
      seen_code_ = seen_code_ || role == ResultRole::kCode;
      if (!rows_.may_take(key.size()) || !rows_.add_named(role, text_of(value))) return false;
    }
    if (seen_.empty()) seen_ = names_of(object);
    return rows_.end();
  }
  // True if the text is an object with a device and a code.
  bool is_row(std::string_view text) {
    simdjson::dom::object object;
    if (!parse(text, object)) return false;
    bool has_device = false, has_code = false;
    for (const auto& [key, value] : object) {
      has_device = has_device || result_role(key) == ResultRole::kDevice;
      has_code = has_code || result_role(key) == ResultRole::kCode;
    }
    return has_device && has_code;
  }
  bool has_code() const { return seen_code_; }
  // The columns of the first row.
  const std::string& seen() const { return seen_; }

 private:
  bool parse(std::string_view text, simdjson::dom::object& object) {
    made_.clear();
    return is_ready_ && text.size() <= kRowBytes &&
           parser_.parse(text.data(), text.size()).get_object().get(object) == simdjson::SUCCESS;
  }

  static std::string names_of(const simdjson::dom::object& object) {
    std::vector<ResultCell> names;
    for (const auto& [key, value] : object) names.push_back({ResultRole::kOther, key});
    return list_columns(names);
  }

  // Rows have the same keys, so the role of each key is looked up once.
  ResultRole role_of(std::string_view key) {
    const auto known = roles_.find(key);
    if (known != roles_.end()) return known->second;
    const ResultRole role = result_role(key);
    const bool is_kept = roles_.size() < tally_.limits().columns && key.size() <= kKeptKeyBytes;
    if (is_kept) roles_.emplace(key, role);
    return role;
  }

  std::string_view text_of(simdjson::dom::element value) {
    std::string_view text;
    std::int64_t number = 0;
    std::uint64_t large = 0;
    double decimal = 0;
    if (value.get_string().get(text) == simdjson::SUCCESS) return text;
    if (value.get_int64().get(number) == simdjson::SUCCESS) {
      return made_.emplace_back(std::to_string(number));
    }
    if (value.get_uint64().get(large) == simdjson::SUCCESS) {
      return made_.emplace_back(std::to_string(large));
    }
    if (value.get_double().get(decimal) == simdjson::SUCCESS) {
      return made_.emplace_back(plain_number(fmt::format("{}", decimal)));
    }
    bool truth = false;
    if (value.get_bool().get(truth) == simdjson::SUCCESS) return truth ? "true" : "false";
    if (value.is_null()) return {};
    // A list or object in place of a plain value: as a code it is not readable.
    return "{\x01}";
  }

  ResultTally& tally_;
  ResultRows rows_;
  simdjson::dom::parser parser_;
  bool is_ready_ = false;
  bool seen_code_ = false;
  std::string seen_;
  std::deque<std::string> made_;  // texts of numbers; a deque, so that views stay valid
  std::map<std::string, ResultRole, std::less<>> roles_;
};

// Reads the rows of the array at text[from, to), brackets included.
void read_array(std::string_view text, std::size_t from, std::size_t to, ResultTally& tally) {
  JsonRows rows(tally);
  std::size_t at = skip_blanks(text, from + 1);
  if (text[at] == ']') return;
  for (std::size_t line = 1;; ++line) {
    const std::size_t end = text[at] == '{' ? skip_nested(text, at) : std::string_view::npos;
    if (end == std::string_view::npos || end >= to) {
      return tally.fail(fmt::format("row {} is not a JSON object", line));
    }
    const std::string_view row = text.substr(at, end - at);
    if (!rows.add(row, line)) return;
    at = skip_blanks(text, end);
    if (text[at] == ']' && at + 1 == to) break;
    if (text[at] != ',') return tally.fail(fmt::format("no comma after row {}", line));
    at = skip_blanks(text, at + 1);
  }
  if (!rows.has_code()) {
    tally.fail("no row has a known code, only " + rows.seen());
  }
}

// Reads an object around one list, or a list alone.
void read_wrapped(std::string_view text, ResultTally& tally) {
  std::size_t from = std::string_view::npos, to = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      at = skip_string(text, at);
      if (at == std::string_view::npos) return tally.fail("the JSON is truncated");
    } else if (text[at] == '[') {
      if (from != std::string_view::npos) return tally.fail("the JSON contains more than one list");
      from = at;
      at = to = skip_nested(text, at);
      if (at == std::string_view::npos)
        return tally.fail("the JSON is truncated or nested too deeply");
    } else {
      ++at;
    }
  }
  if (from == std::string_view::npos) return tally.fail("the JSON is neither a list nor a row");
  // The text around the list must be valid JSON too, or the file may be truncated.
  if (from + (text.size() - to) > kWrapperBytes) {
    return tally.fail("too much text around the list in the JSON");
  }
  const std::string around =
      std::string(text.substr(0, from)) + "[]" + std::string(text.substr(to));
  simdjson::dom::parser parser;
  simdjson::dom::element whole;
  if (parser.allocate(kWrapperBytes + 2, kResultNesting) != simdjson::SUCCESS ||
      parser.parse(around).get(whole) != simdjson::SUCCESS) {
    return tally.fail("the JSON is invalid or truncated");
  }
  read_array(text, from, to, tally);
}

void read_lines(std::string_view text, ResultTally& tally) {
  JsonRows rows(tally);
  std::size_t line = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view row = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line;
    if (row.find_first_not_of(kBlanks) == std::string_view::npos) continue;
    if (!rows.add(row, line)) return;
  }
}

}  // namespace

ResultFormat read_result_json(std::string_view text, ResultTally& tally) {
  const std::size_t at = skip_blanks(text, 0);
  if (text[at] == '{' && JsonRows(tally).is_row(text.substr(at, text.find('\n', at) - at))) {
    read_lines(text, tally);
    return ResultFormat::kJsonLines;
  }
  read_wrapped(text, tally);
  return ResultFormat::kJsonArray;
}

}  // namespace taskwatchd
