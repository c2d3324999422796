// Creates the nonce of one request: 128 random bits in the form of a UUID. Each request, retries
// included, needs a new nonce, or the gateway returns SignatureNonceUsed.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace taskwatchd {

// REQUIRES: `a` and `b` are uniformly distributed random numbers.
inline std::string make_nonce(std::uint64_t a, std::uint64_t b) {
  char text[40];
  const int n = std::snprintf(
      text, sizeof text, "%08x-%04x-4%03x-%04x-%012llx", static_cast<unsigned>(a >> 32),
      static_cast<unsigned>(a >> 16 & 0xffff), static_cast<unsigned>(a & 0xfff),
      static_cast<unsigned>(0x8000 | (b >> 48 & 0x3fff)),
      static_cast<unsigned long long>(b & 0xffffffffffff));
  return std::string(text, static_cast<std::size_t>(n));
}

}  // namespace taskwatchd
