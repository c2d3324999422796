// Checks the format of bcrypt hashes. Needed because crypt(3) silently takes any other text for a
// DES hash. No I/O; never repeats the hash.
#pragma once

#include <string>
#include <string_view>

namespace taskwatchd {

// One password check costs 2^cost rounds: about one second (measured) at 14, 16 s at 18.
inline constexpr int kMinBcryptCost = 4;
inline constexpr int kMaxBcryptCost = 31;
// Up to this cost a failed login takes as long as the slowest hash; a higher cost is a warning.
inline constexpr int kMaxQuickBcryptCost = 14;

// Returns an empty text for what the exporter-toolkit accepts: $2$, or $2 and a letter and $, a
// cost within the bounds, and at least 59 characters. Otherwise returns what is wrong and how to
// fix it.
std::string bcrypt_problem(std::string_view hash);
// REQUIRES: bcrypt_problem is empty.
int bcrypt_cost(std::string_view hash);
// True if 53 valid bcrypt characters follow the cost; if not, no password has this hash. REQUIRES:
// bcrypt_problem is empty.
bool has_bcrypt_text(std::string_view hash);
// Returns the same hash in the form of crypt(3), $2b$ and 53 characters: Go treats all version
// letters alike and ignores trailing characters. Without has_bcrypt_text, returns bcrypt_of_nobody.
// REQUIRES: bcrypt_problem is empty.
std::string bcrypt_for_crypt(std::string_view hash);
// Returns a hash of that cost that no password matches: checking it makes an unknown user take as
// long as a known one.
std::string bcrypt_of_nobody(int cost);

}  // namespace taskwatchd
