// What a bcrypt hash looks like. Told apart here because crypt(3) takes any other text for a DES
// hash, without a word. Pure; never repeats the hash.
#pragma once

#include <string>
#include <string_view>

namespace taskwatchd {

// One check of a password costs 2^cost rounds: about a second here at 14, 16 s at 18.
inline constexpr int kMinBcryptCost = 4;
inline constexpr int kMaxBcryptCost = 31;
// Up to here a wrong login takes as long as the slowest hash; a higher cost is warned of.
inline constexpr int kMaxQuickBcryptCost = 14;

// Empty for what the exporter-toolkit takes: $2$, or $2 and a letter and $, a cost within the
// bounds, and 59 characters or more; else what is wrong and the mend.
std::string bcrypt_problem(std::string_view hash);
// REQUIRES: no bcrypt_problem.
int bcrypt_cost(std::string_view hash);
// Whether 53 characters of bcrypt's stand behind the cost; if not, no password has this hash.
// REQUIRES: no bcrypt_problem.
bool has_bcrypt_text(std::string_view hash);
// The same hash as crypt(3) writes it, $2b$ and 53 characters: to Go, all letters are that one,
// and what stands behind is nothing. That of nobody without has_bcrypt_text.
// REQUIRES: no bcrypt_problem.
std::string bcrypt_for_crypt(std::string_view hash);
// A hash of that cost that no password has: so much time does a user take who is not listed.
std::string bcrypt_of_nobody(int cost);

}  // namespace taskwatchd
