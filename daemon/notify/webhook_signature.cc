#include "notify/webhook_signature.h"

#include <openssl/evp.h>

#include <array>
#include <chrono>
#include <stdexcept>

#include "cloud/base64.h"

namespace taskwatchd {
namespace {

std::string webhook_mac(const Secret& key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  std::size_t size = 0;
  if (EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key.reveal().data(),
                key.reveal().size(), reinterpret_cast<const unsigned char*>(text.data()),
                text.size(), mac.data(), mac.size(), &size) == nullptr) {
    throw std::runtime_error("HMAC with SHA256 failed");
  }
  return std::string(reinterpret_cast<const char*>(mac.data()), size);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> webhook_headers(const std::vector<Secret>& keys,
                                                                 std::string_view id, Wall at,
                                                                 std::string_view body) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
  std::vector<std::pair<std::string, std::string>> headers = {
      {"webhook-id", std::string(id)}, {"webhook-timestamp", std::to_string(seconds)}};
  if (keys.empty()) return headers;
  std::string signed_text(id);
  signed_text += '.' + headers[1].second + '.';
  signed_text += body;
  std::string signatures;
  for (const Secret& key : keys) {
    if (!signatures.empty()) signatures += ' ';
    signatures += "v1," + to_base64(webhook_mac(key, signed_text));
  }
  headers.emplace_back("webhook-signature", std::move(signatures));
  return headers;
}

}  // namespace taskwatchd
