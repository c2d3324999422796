// Reads the members of an untrusted JSON object, each once. Internal to cloud/. The first error is
// kept in error(); values read after it are meaningless.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/types/time.h"

namespace taskwatchd {

// Maximum bytes kept of one text in a response; the rest is replaced by a note of its size.
inline constexpr std::size_t kTextLimit = 4096;
inline constexpr std::size_t kNameLimit = 256;
// At least four times as long as any documented id. A longer id is rejected: truncated, it would be
// a different id.
inline constexpr std::size_t kIdLimit = 128;

class Members {
 public:
  explicit Members(simdjson::dom::object object) : object_(object) {}

  // Returns nullopt if the member is absent or null. A duplicate name is an error, because parsers
  // differ in which of the two they use.
  std::optional<simdjson::dom::element> find(std::string_view name);
  // The same, ignoring letter case: documents, samples and SDKs spell some names differently.
  std::optional<simdjson::dom::element> find_any_case(std::string_view name);

  // Each "needed" member must be present and a string.
  std::string needed_id(std::string_view name);  // not empty
  std::string needed_text(std::string_view name);
  Wall needed_time(std::string_view name);
  std::string optional_id(std::string_view name);  // empty if absent; an error if not a string

  // Empty if absent or not a string.
  std::string name_text(std::string_view name);
  // A device message, without the credentials that it may contain. Empty if absent; the JSON text
  // if it is not a string.
  std::string device_text(std::string_view name);
  // 0 to 100, from a number or a string; nullopt for anything else.
  std::optional<double> percent(std::string_view name);
  // An integer from 0 to `high`, as a number or a string of digits; letter case of the name is
  // ignored. It is an error if the member is anything else. The second function returns nullopt if
  // the member is absent.
  std::uint64_t needed_count(std::string_view name, std::uint64_t high);
  std::optional<std::uint64_t> optional_count(std::string_view name, std::uint64_t high);
  // A number above 0 and at most `high`; letter case of the name is ignored. Nullopt for anything
  // else.
  std::optional<double> setting(std::string_view name, double high);
  // The members of an object; nullopt if it is absent or not an object.
  std::optional<Members> inner(std::string_view name);

  const std::string& error() const { return error_; }

 private:
  template <typename Same>
  std::optional<simdjson::dom::element> find_if(std::string_view name, Same same);
  void fail(std::string_view name, std::string_view what);

  simdjson::dom::object object_;
  std::string error_;
};

// Truncates a text to at most `limit` bytes; valid UTF-8 stays valid.
std::string keep(std::string_view text, std::size_t limit);

}  // namespace taskwatchd
