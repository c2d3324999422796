#include "io/http/http_tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <utility>

namespace taskwatchd {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using boost::system::error_code;

// Default ciphers of TLS 1.2: forward secrecy and authenticated encryption.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

// Ciphers of TLS 1.0 and 1.1, which have no authenticated encryption.
constexpr const char* kOldCiphers =
    ":ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA";

int openssl_version(TlsVersion version) {
  switch (version) {
    case TlsVersion::kTls10:
      return TLS1_VERSION;
    case TlsVersion::kTls11:
      return TLS1_1_VERSION;
    case TlsVersion::kTls12:
      return TLS1_2_VERSION;
    case TlsVersion::kTls13:
      break;
  }
  return TLS1_3_VERSION;
}

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ":") + word;
  return all;
}

std::string text_of(const ASN1_STRING* string) {
  const auto* bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(string));
  return std::string(bytes, static_cast<std::size_t>(ASN1_STRING_length(string)));
}

std::string address_text(const std::string& bytes) {
  if (bytes.size() == 4) {
    asio::ip::address_v4::bytes_type v4;
    std::copy(bytes.begin(), bytes.end(), v4.begin());
    return asio::ip::make_address_v4(v4).to_string();
  }
  asio::ip::address_v6::bytes_type v6{};
  if (bytes.size() != v6.size()) return {};
  std::copy(bytes.begin(), bytes.end(), v6.begin());
  return asio::ip::make_address_v6(v6).to_string();
}

// Compared as Prometheus' exporter-toolkit does: DNS names, mail addresses, URIs and IP addresses,
// exact text.
std::string name_of(const GENERAL_NAME& name) {
  switch (name.type) {
    case GEN_DNS:
      return text_of(name.d.dNSName);
    case GEN_EMAIL:
      return text_of(name.d.rfc822Name);
    case GEN_URI:
      return text_of(name.d.uniformResourceIdentifier);
    case GEN_IPADD:
      return address_text(text_of(name.d.iPAddress));
    default:
      return {};
  }
}

bool has_name_of(X509* certificate, const std::vector<std::string>& allowed) {
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      &GENERAL_NAMES_free);
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const std::string name = name_of(*sk_GENERAL_NAME_value(names.get(), i));
    if (!name.empty() && std::find(allowed.begin(), allowed.end(), name) != allowed.end()) {
      return true;
    }
  }
  return false;
}

// Builds one context. Use it once.
class Maker {
 public:
  Maker(const WebTlsConfig& config, const WebTlsTexts& texts, const std::string& file)
      : config_(config),
        texts_(texts),
        file_(file),
        problems_(file),
        made_{std::make_shared<ssl::context>(ssl::context::tls_server), {}},
        raw_(made_.context->native_handle()) {}

  std::variant<ServerTls, std::vector<ConfigError>> run() {
    ERR_clear_error();
    set_protocol();
    take_certificate();
    if (config_.client_auth != ClientAuth::kNone) ask_clients();
    ERR_clear_error();
    if (!problems_.empty()) return problems_.take();
    return std::move(made_);
  }

 private:
  void refuse(const char* key, const WebPath& path, const std::string& why) {
    problems_.add(path.place, pem_name(key, path) + " " + why);
  }
  void warn(const char* key, const WebPath& path, const std::string& what) {
    made_.warnings.push_back(
        {file_, path.place.line, path.place.column, pem_name(key, path) + " " + what});
  }

  void set_protocol() {
    SSL_CTX_set_min_proto_version(raw_, openssl_version(config_.min_version));
    SSL_CTX_set_max_proto_version(raw_, openssl_version(config_.max_version));
    SSL_CTX_set_options(raw_, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    if (config_.prefer_server_ciphers) SSL_CTX_set_options(raw_, SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(raw_, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(raw_, 0);
    SSL_CTX_set_mode(raw_, SSL_MODE_RELEASE_BUFFERS);  // saves memory of idle connections
    const bool is_old = config_.min_version < TlsVersion::kTls12;
    // OpenSSL allows SHA-1, which the old versions sign with, at security level 0 only.
    if (is_old) SSL_CTX_set_security_level(raw_, 0);
    // The parser has validated all names, so neither call fails because of one.
    std::string ciphers = joined(config_.ciphers);
    if (ciphers.empty()) ciphers = std::string(kCiphers) + (is_old ? kOldCiphers : "");
    if (SSL_CTX_set_cipher_list(raw_, ciphers.c_str()) != 1) {
      problems_.add({}, "the OpenSSL of this host supports none of `cipher_suites`; choose others");
    }
    const std::string curves = joined(config_.curves);
    if (!curves.empty() && SSL_CTX_set1_groups_list(raw_, curves.c_str()) != 1) {
      problems_.add(
          {},
          "the OpenSSL of this host does not support all of `curve_preferences`; choose others");
    }
  }

  void take_certificate() {
    // Without this OpenSSL would ask for a passphrase on the terminal.
    made_.context->set_password_callback(
        [](std::size_t, ssl::context::password_purpose) { return std::string(); });
    error_code failed;
    made_.context->use_certificate_chain(asio::buffer(texts_.certificate), failed);
    if (failed) {
      refuse("cert_file", config_.cert_file,
             "contains no usable certificate: " + failed.message() +
                 "; it must be in PEM format, the server's certificate first, then those that "
                 "signed it");
      return;
    }
    check_dates();
    made_.context->use_private_key(asio::buffer(texts_.key.reveal()), ssl::context::pem, failed);
    if (!failed && SSL_CTX_check_private_key(raw_) == 1) return;
    const auto code = static_cast<unsigned long>(failed.value());
    const bool other = !failed || (ERR_GET_LIB(code) == ERR_LIB_X509 &&
                                   ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH);
    refuse("key_file", config_.key_file,
           other ? "is not the key of `" +
                       std::string(config_.cert_file.path.empty() ? "cert" : "cert_file") +
                       "`; set the key that belongs to the certificate"
                 : "contains no usable key: " + failed.message() +
                       "; it must be in PEM format, without a passphrase");
  }

  void check_dates() {
    const X509* const certificate = SSL_CTX_get0_certificate(raw_);
    if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
      warn("cert_file", config_.cert_file,
           "is not valid yet: clients reject it; check the clock of this host");
    }
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
      warn("cert_file", config_.cert_file, "has expired: clients reject it; renew it");
    }
  }

  // Follows Go's crypto/tls for each type.
  void ask_clients() {
    const ClientAuth auth = config_.client_auth;
    const bool required = auth == ClientAuth::kRequireAny || auth == ClientAuth::kRequireAndVerify;
    const bool verified =
        auth == ClientAuth::kVerifyIfGiven || auth == ClientAuth::kRequireAndVerify;
    if (config_.client_ca_file.is_given()) {
      take_client_authority();
    } else if (verified) {
      SSL_CTX_set_default_verify_paths(raw_);
    }
    made_.context->set_verify_mode(ssl::verify_peer |
                                   (required ? ssl::verify_fail_if_no_peer_cert : 0));
    if (verified && !config_.client_allowed_sans) return;
    made_.context->set_verify_callback(
        [verified, allowed = config_.client_allowed_sans](bool good, ssl::verify_context& chain) {
          X509_STORE_CTX* const store = chain.native_handle();
          if (verified && !good) return false;
          // OpenSSL calls this for the client's own certificate last, whatever it found.
          if (!allowed || X509_STORE_CTX_get_error_depth(store) > 0) return true;
          return has_name_of(X509_STORE_CTX_get0_cert(store), *allowed);
        });
  }

  void take_client_authority() {
    // As in Go, each certificate of the file is trusted, not only self-signed ones.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(raw_), X509_V_FLAG_PARTIAL_CHAIN);
    const std::unique_ptr<BIO, decltype(&BIO_free)> text(
        BIO_new_mem_buf(texts_.client_ca.data(), static_cast<int>(texts_.client_ca.size())),
        &BIO_free);
    int taken = 0;
    bool broken = false;
    for (;;) {
      ERR_clear_error();
      const std::unique_ptr<X509, decltype(&X509_free)> one(
          PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr), &X509_free);
      // Clients are told which CAs are accepted.
      if (one && X509_STORE_add_cert(SSL_CTX_get_cert_store(raw_), one.get()) == 1 &&
          SSL_CTX_add_client_CA(raw_, one.get()) == 1) {
        ++taken;
        continue;
      }
      if (!one && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) break;
      broken = true;
    }
    if (taken == 0 && config_.client_auth == ClientAuth::kRequireAndVerify) {
      refuse("client_ca_file", config_.client_ca_file,
             "contains no certificate, or an invalid one; it must be in PEM format");
    } else if (taken == 0 || broken) {
      warn("client_ca_file", config_.client_ca_file,
           "contains no certificate, or an invalid one, which admits no client; it must be in PEM "
           "format");
    }
  }

  const WebTlsConfig& config_;
  const WebTlsTexts& texts_;
  const std::string& file_;
  Problems problems_;
  ServerTls made_;
  SSL_CTX* raw_;
};

}  // namespace

std::variant<ServerTls, std::vector<ConfigError>> make_server_tls(const WebTlsConfig& config,
                                                                  const WebTlsTexts& texts,
                                                                  const std::string& file) {
  return Maker(config, texts, file).run();
}

}  // namespace taskwatchd
