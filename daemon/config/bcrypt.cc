#include "config/bcrypt.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kMinBytes = 59;   // of "$2$10$" and the salt and digest
constexpr std::size_t kSaltBytes = 22;  // of the salt, which comes first
constexpr std::size_t kTextBytes = 53;
constexpr std::string_view kLetters =
    "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr const char* kFix =
    "create one with `htpasswd -nBC 10 NAME` and use the part after the colon";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Returns the offset of the cost, after "$2$" or "$2y$".
std::size_t cost_at(std::string_view hash) {
  return hash[2] == '$' ? 3 : 4;
}

std::string_view bcrypt_text(std::string_view hash) {
  return hash.substr(cost_at(hash) + 3, kTextBytes);
}

bool has_form(std::string_view hash) {
  if (hash.size() < kMinBytes || !hash.starts_with("$2")) return false;
  const std::size_t cost = cost_at(hash);
  return hash[cost - 1] == '$' && is_digit(hash[cost]) && is_digit(hash[cost + 1]);
}

std::string bcrypt_head(int cost) {
  std::string text = "$2b$";
  text += static_cast<char>('0' + cost / 10);
  text += static_cast<char>('0' + cost % 10);
  return text + '$';
}

}  // namespace

int bcrypt_cost(std::string_view hash) {
  const std::size_t at = cost_at(hash);
  return (hash[at] - '0') * 10 + (hash[at + 1] - '0');
}

std::string bcrypt_problem(std::string_view hash) {
  if (!has_form(hash)) {
    return std::string(
               "must be a bcrypt hash: $2y$, $2b$ or $2a$, two digits, $ and 53 characters; ") +
           kFix;
  }
  const int cost = bcrypt_cost(hash);
  if (cost >= kMinBcryptCost && cost <= kMaxBcryptCost) return {};
  return "has a cost of " + std::to_string(cost) + ", which must be " +
         std::to_string(kMinBcryptCost) + " to " + std::to_string(kMaxBcryptCost) +
         ", because each step doubles the time of a login; " + kFix;
}

bool has_bcrypt_text(std::string_view hash) {
  const std::string_view text = bcrypt_text(hash);
  return text.size() == kTextBytes && text.find_first_not_of(kLetters) == std::string_view::npos;
}

std::string bcrypt_for_crypt(std::string_view hash) {
  if (!has_bcrypt_text(hash)) return bcrypt_of_nobody(bcrypt_cost(hash));
  std::string text(bcrypt_text(hash));
  // Only two bits of the salt's last character are significant, and crypt(3) writes no others.
  char& last = text[kSaltBytes - 1];
  last = kLetters[kLetters.find(last) & 0x30U];
  return bcrypt_head(bcrypt_cost(hash)) + text;
}

std::string bcrypt_of_nobody(int cost) {
  return bcrypt_head(cost) + std::string(kTextBytes, '.');
}

}  // namespace taskwatchd
