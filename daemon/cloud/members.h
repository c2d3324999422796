// Members of a JSON object, read once each and without trust. Internal to the cloud room.
// The first thing that is wrong is kept in error(); what is read after it means nothing.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/types/time.h"

namespace taskwatchd {

// Bytes of one text of a reply that we keep: the rest is cut, with a note of how much.
inline constexpr std::size_t kTextLimit = 4096;
inline constexpr std::size_t kNameLimit = 256;
// No documented id is a quarter of this; a longer one is refused, for a cut id is another id.
inline constexpr std::size_t kIdLimit = 128;

class Members {
 public:
  explicit Members(simdjson::dom::object object) : object_(object) {}

  // Absent and null are the same: nothing. A name that comes twice is an error, for readers differ
  // in which of the two they take.
  std::optional<simdjson::dom::element> find(std::string_view name);
  // The same in any letter case: documents, samples and clients differ in some names' spelling.
  std::optional<simdjson::dom::element> find_any_case(std::string_view name);

  // Each "needed" member must be there and a string.
  std::string needed_id(std::string_view name);  // not empty
  std::string needed_text(std::string_view name);
  Wall needed_time(std::string_view name);
  std::string optional_id(std::string_view name);  // empty if absent; an error if not a string

  // Empty if absent or not a string.
  std::string name_text(std::string_view name);
  // A device's words, without the credentials that may be in them. Empty if absent; the JSON text
  // of what is not a string.
  std::string device_words(std::string_view name);
  // 0 to 100, from a number or a string; nothing for anything else.
  std::optional<double> percent(std::string_view name);
  // A whole number from 0 to `high`, as a number or as a string of digits, in any letter case of
  // the name; an error if the member is anything else. The second: nothing if it is absent.
  std::uint64_t needed_count(std::string_view name, std::uint64_t high);
  std::optional<std::uint64_t> optional_count(std::string_view name, std::uint64_t high);
  // More than 0, at most `high`, in any letter case of the name; nothing for anything else.
  std::optional<double> setting(std::string_view name, double high);
  // The members of an object; nothing if it is absent, or is no object.
  std::optional<Members> inner(std::string_view name);

  const std::string& error() const { return error_; }

 private:
  template <typename Same>
  std::optional<simdjson::dom::element> find_if(std::string_view name, Same same);
  void fail(std::string_view name, std::string_view what);

  simdjson::dom::object object_;
  std::string error_;
};

// As many bytes of a text as we keep of it; valid UTF-8 stays so.
std::string keep(std::string_view text, std::size_t limit);

}  // namespace taskwatchd
