// What a bcrypt hash looks like. Told apart here because crypt(3) takes any other text for a DES
// hash, without a word. Pure; never repeats the hash.
#pragma once

#include <string>
#include <string_view>

namespace taskwatchd {

// One check of a password costs 2^cost rounds: about a second here at 14.
inline constexpr int kMinBcryptCost = 4;
inline constexpr int kMaxBcryptCost = 14;

// Empty for $2a$, $2b$ or $2y$, a cost within the bounds and 53 characters; else what is wrong and
// the mend.
std::string bcrypt_problem(std::string_view hash);
// REQUIRES: no bcrypt_problem.
int bcrypt_cost(std::string_view hash);
// A hash of that cost that no password has: so much time does a user take who is not listed.
std::string bcrypt_of_nobody(int cost);

}  // namespace taskwatchd
