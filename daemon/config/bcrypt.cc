#include "config/bcrypt.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kCostAt = 4;  // behind "$2y$"
constexpr std::size_t kTextAt = 7;  // behind "$2y$10$"
constexpr std::size_t kTextBytes = 53;
constexpr std::string_view kLetters =
    "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr const char* kMend =
    "create one with `htpasswd -nBC 10 NAME` and use the part after the colon";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool has_form(std::string_view hash) {
  return hash.size() == kTextAt + kTextBytes && hash.starts_with("$2") &&
         std::string_view("aby").find(hash[2]) != std::string_view::npos && hash[3] == '$' &&
         is_digit(hash[kCostAt]) && is_digit(hash[kCostAt + 1]) && hash[kTextAt - 1] == '$' &&
         hash.substr(kTextAt).find_first_not_of(kLetters) == std::string_view::npos;
}

}  // namespace

int bcrypt_cost(std::string_view hash) {
  return (hash[kCostAt] - '0') * 10 + (hash[kCostAt + 1] - '0');
}

std::string bcrypt_problem(std::string_view hash) {
  if (!has_form(hash)) {
    return std::string(
               "must be a bcrypt hash: $2y$, $2b$ or $2a$, two digits, $ and 53 characters; ") +
           kMend;
  }
  const int cost = bcrypt_cost(hash);
  if (cost >= kMinBcryptCost && cost <= kMaxBcryptCost) return {};
  return "has a cost of " + std::to_string(cost) + ", which must be " +
         std::to_string(kMinBcryptCost) + " to " + std::to_string(kMaxBcryptCost) +
         ", because each step doubles the time of a login; " + kMend;
}

std::string bcrypt_of_nobody(int cost) {
  std::string hash = "$2b$";
  hash += static_cast<char>('0' + cost / 10);
  hash += static_cast<char>('0' + cost % 10);
  return hash + '$' + std::string(kTextBytes, '.');
}

}  // namespace taskwatchd
