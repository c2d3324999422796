// A nonce for one request: 128 random bits in the form of a UUID. Each request needs a new one,
// retries included, or the gateway answers SignatureNonceUsed.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace taskwatchd {

// `a` and `b`: random, uniform.
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
