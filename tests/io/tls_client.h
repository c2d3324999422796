// A TLS client for special cases: other versions, with a certificate, or slow.
#pragma once

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "io/test_certificates.h"

namespace taskwatchd {

struct TlsOptions {
  int lowest = TLS1_2_VERSION;
  int highest = 0;  // 0: any
  std::string ciphers = {};
  std::pair<std::string, std::string> certificate = {};  // and key
};

class TlsClient {
 public:
  TlsClient(const std::string& address, const std::string& authority,
            const TlsOptions& options = {})
      : context_(SSL_CTX_new(TLS_client_method())), socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    SSL_CTX_set_security_level(context_.get(), 0);  // old versions, which the server must reject
    SSL_CTX_set_min_proto_version(context_.get(), options.lowest);
    SSL_CTX_set_max_proto_version(context_.get(), options.highest);
    if (!options.ciphers.empty()) SSL_CTX_set_cipher_list(context_.get(), options.ciphers.c_str());
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), read(authority).get());
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    // All test authorities have the same name. Without this, OpenSSL could send another one's
    // certificate.
    SSL_CTX_set_mode(context_.get(), SSL_MODE_NO_AUTO_CHAIN);
    if (!options.certificate.first.empty()) take(options.certificate);
    const timeval within{5, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &within, sizeof within);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port =
        htons(static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1))));
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return;
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), socket_);
    ERR_clear_error();
    connected_ = SSL_connect(ssl_.get()) == 1;
    if (!connected_) why_ = reason();
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;
  ~TlsClient() {
    ssl_.reset();
    ::close(socket_);
  }

  bool connected() const { return connected_; }
  const std::string& why() const { return why_; }  // why the handshake or the last read failed
  bool send(const std::string& bytes) {
    return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
  }
  // Reads until the server ends the connection or `end` is seen.
  std::string read_until(const std::string& end = "") {
    std::string all;
    char bytes[16384];
    while (connected_) {
      const int got = SSL_read(ssl_.get(), bytes, sizeof bytes);
      if (got <= 0) {
        said_goodbye_ = SSL_get_error(ssl_.get(), got) == SSL_ERROR_ZERO_RETURN;
        why_ = reason();
        break;
      }
      all.append(bytes, static_cast<std::size_t>(got));
      if (!end.empty() && all.find(end) != std::string::npos) break;
    }
    return all;
  }
  std::string fetch(const std::string& target = "/", const std::string& headers = "") {
    if (!connected_) return {};
    send("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + "\r\n");
    return read_until();
  }
  // Returns whether the server sent close_notify, not only closed the connection.
  bool said_goodbye() const { return said_goodbye_; }
  std::string serial() const {
    const std::unique_ptr<X509, CertificateFree> peer(SSL_get1_peer_certificate(ssl_.get()));
    return peer ? std::to_string(ASN1_INTEGER_get(X509_get_serialNumber(peer.get()))) : "";
  }
  std::string version() const { return SSL_get_version(ssl_.get()); }
  std::string cipher() const { return SSL_get_cipher_name(ssl_.get()); }

 private:
  struct Free {
    void operator()(SSL* s) const { SSL_free(s); }
  };
  using Text = std::unique_ptr<BIO, decltype(&BIO_free)>;
  static Text text(const std::string& pem) {
    return Text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  }
  static X509Ptr read(const std::string& pem) {
    return X509Ptr(PEM_read_bio_X509(text(pem).get(), nullptr, nullptr, nullptr));
  }
  static std::string reason() {
    const char* said = ERR_reason_error_string(ERR_get_error());
    return said == nullptr ? "" : said;
  }
  void take(const std::pair<std::string, std::string>& pair) {
    const KeyPtr key(PEM_read_bio_PrivateKey(text(pair.second).get(), nullptr, nullptr, nullptr));
    SSL_CTX_use_certificate(context_.get(), read(pair.first).get());
    SSL_CTX_use_PrivateKey(context_.get(), key.get());
  }

  TlsContext context_;
  std::unique_ptr<SSL, Free> ssl_;
  int socket_;
  bool connected_ = false;
  bool said_goodbye_ = false;
  std::string why_;
};

}  // namespace taskwatchd
