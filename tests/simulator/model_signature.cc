#include "simulator/model_signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace iotsim {
namespace {

constexpr std::string_view kUpperHex = "0123456789ABCDEF";
constexpr std::string_view kLowerHex = "0123456789abcdef";

std::string hex(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kLowerHex[byte >> 4U];
    text += kLowerHex[byte & 15U];
  }
  return text;
}

std::string hmac(const EVP_MD* digest, std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  unsigned int size = 0;
  if (HMAC(digest, key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(),
           &size) == nullptr) {
    throw std::runtime_error("HMAC failed");
  }
  return std::string(reinterpret_cast<const char*>(out.data()), size);
}

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

}  // namespace

std::string url_encode(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() + bytes.size() / 2);
  for (const char c : bytes) {
    if (is_unreserved(c)) {
      text += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    text += '%';
    text += kUpperHex[byte >> 4U];
    text += kUpperHex[byte & 15U];
  }
  return text;
}

std::optional<std::string> url_decode(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      bytes += ' ';
    } else if (text[i] == '%') {
      const int high = i + 2 < text.size() ? nibble(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? nibble(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      bytes += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      bytes += text[i];
    }
  }
  return bytes;
}

std::optional<Pairs> parse_form(std::string_view text) {
  Pairs pairs;
  while (!text.empty()) {
    const std::string_view field = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), field.size() + 1));
    if (field.empty()) continue;
    const std::size_t equals = field.find('=');
    const auto name = url_decode(field.substr(0, equals));
    const auto value = equals == std::string_view::npos ? std::optional<std::string>("")
                                                        : url_decode(field.substr(equals + 1));
    if (!name || !value) return std::nullopt;
    pairs.emplace_back(*name, *value);
  }
  return pairs;
}

std::string sorted_form(const Pairs& pairs) {
  Pairs sorted = pairs;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string text;
  for (const auto& [name, value] : sorted) {
    if (!text.empty()) text += '&';
    text += url_encode(name) + '=' + url_encode(value);
  }
  return text;
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("SHA-256 failed");
  }
  return hex({reinterpret_cast<const char*>(out.data()), size});
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string v1_text(std::string_view method, const Pairs& parameters) {
  Pairs signed_ones;
  for (const auto& pair : parameters) {
    if (pair.first != "Signature") signed_ones.push_back(pair);
  }
  return std::string(method) + "&%2F&" + url_encode(sorted_form(signed_ones));
}

std::string v1_sign(std::string_view text, std::string_view secret) {
  const std::string mac = hmac(EVP_sha1(), std::string(secret) + '&', text);
  std::array<unsigned char, 64> out;
  const int size = EVP_EncodeBlock(out.data(), reinterpret_cast<const unsigned char*>(mac.data()),
                                   static_cast<int>(mac.size()));
  return std::string(reinterpret_cast<const char*>(out.data()), static_cast<std::size_t>(size));
}

std::string v3_text(std::string_view method, std::string_view path, const Pairs& query,
                    const Pairs& headers, std::string_view payload_hash) {
  Pairs sorted = headers;
  std::sort(sorted.begin(), sorted.end());
  std::string block, names;
  for (const auto& [name, value] : sorted) {
    block += name + ':' + value + '\n';
    names += (names.empty() ? "" : ";") + name;
  }
  std::string text;
  text.append(method).append("\n").append(path).append("\n");
  text.append(sorted_form(query)).append("\n");
  text.append(block).append("\n").append(names).append("\n").append(payload_hash);
  return text;
}

std::string v3_sign(std::string_view text, std::string_view secret) {
  return hex(hmac(EVP_sha256(), secret, "ACS3-HMAC-SHA256\n" + sha256_hex(text)));
}

}  // namespace iotsim
