#include "cloud/signer.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "cloud/base64.h"
#include "core/types/trim.h"

namespace taskwatchd {
namespace {

constexpr std::string_view kV3Algorithm = "ACS3-HMAC-SHA256";

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string hmac(const char* digest, std::string_view key, std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  std::size_t size = 0;
  if (EVP_Q_mac(nullptr, "HMAC", nullptr, digest, nullptr, key.data(), key.size(), bytes_of(data),
                data.size(), out.data(), out.size(), &size) == nullptr) {
    throw std::runtime_error(std::string("HMAC with ") + digest + " failed");
  }
  return std::string(reinterpret_cast<const char*>(out.data()), size);
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

// The headers in the order in which they are signed: sorted by name.
Parameters sorted(Parameters headers) {
  std::sort(headers.begin(), headers.end());
  return headers;
}

std::string signed_headers(const V3Input& input) {
  std::string names;
  for (const auto& [name, value] : sorted(input.headers)) {
    if (!names.empty()) names += ';';
    names += name;
  }
  return names;
}

}  // namespace

std::string percent_encode(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  text.reserve(bytes.size());
  for (const char c : bytes) {
    // Explicit ranges: isalnum depends on the locale, and in some it would keep bytes of UTF-8.
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      text += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      text += '%';
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15];
    }
  }
  return text;
}

std::string canonical_query(const Parameters& parameters) {
  Parameters ordered = parameters;
  // In byte order: std::string compares chars as unsigned.
  std::sort(ordered.begin(), ordered.end());
  std::string text;
  for (const auto& [name, value] : ordered) {
    if (!text.empty()) text += '&';
    text += percent_encode(name);
    text += '=';
    text += percent_encode(value);
  }
  return text;
}

std::string v1_string_to_sign(std::string_view method, const Parameters& parameters) {
  std::string text(method);
  text += "&%2F&";
  text += percent_encode(canonical_query(parameters));
  return text;
}

std::string v1_signature(std::string_view string_to_sign, const Secret& secret) {
  std::string key;
  // avoids a reallocation, whose old buffer would not be wiped
  key.reserve(secret.reveal().size() + 1);
  key += secret.reveal();
  key += '&';
  const Secret guarded(std::move(key));
  return to_base64(hmac("SHA1", guarded.reveal(), string_to_sign));
}

std::string v3_canonical_request(const V3Input& input) {
  std::string text = input.method + '\n' + input.path + '\n' + canonical_query(input.query) + '\n';
  for (const auto& [name, value] : sorted(input.headers)) {
    text += name;
    text += ':';
    text += trim(value, " \t");
    text += '\n';
  }
  text += '\n' + signed_headers(input) + '\n' + input.payload_hash;
  return text;
}

std::string v3_signature(const V3Input& input, const Secret& secret) {
  std::string text(kV3Algorithm);
  text += '\n' + sha256_hex(v3_canonical_request(input));
  return hex(hmac("SHA256", secret.reveal(), text));
}

std::string v3_authorization(const V3Input& input, std::string_view access_key_id,
                             const Secret& secret) {
  std::string text(kV3Algorithm);
  text += " Credential=";
  text += access_key_id;
  text += ",SignedHeaders=" + signed_headers(input) + ",Signature=" + v3_signature(input, secret);
  return text;
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  std::size_t size = 0;
  if (EVP_Q_digest(nullptr, "SHA256", nullptr, bytes.data(), bytes.size(), out.data(), &size) !=
      1) {
    throw std::runtime_error("SHA-256 failed");
  }
  return hex(std::string_view(reinterpret_cast<const char*>(out.data()), size));
}

}  // namespace taskwatchd
