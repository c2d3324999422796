// Text that must not be printed: no stream operator, no formatter, no conversion. `reveal` is the
// only access to the bytes and is easy to search for. Wiped when destroyed or overwritten.
#pragma once

#include <string>
#include <string_view>

namespace taskwatchd {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret& other) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  const std::string& reveal() const { return value_; }
  bool empty() const { return value_.empty(); }
  // Takes constant time for equal lengths.
  bool operator==(const Secret& other) const;

 private:
  void wipe();
  std::string value_;
};

// The credentials that sign a call.
struct Keys {
  std::string access_key_id;
  Secret access_key_secret;
  Secret security_token;  // empty unless the credentials are temporary (STS)
  bool operator==(const Keys&) const = default;
};

}  // namespace taskwatchd
