// Certificates generated for TLS tests: an authority, and server certificates signed by it, valid
// or not.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace taskwatchd {

struct CertificateFree {
  void operator()(X509* x) const { X509_free(x); }
  void operator()(EVP_PKEY* k) const { EVP_PKEY_free(k); }
  void operator()(SSL_CTX* c) const { SSL_CTX_free(c); }
};
using X509Ptr = std::unique_ptr<X509, CertificateFree>;
using KeyPtr = std::unique_ptr<EVP_PKEY, CertificateFree>;
using TlsContext = std::unique_ptr<SSL_CTX, CertificateFree>;

struct CertificateOptions {
  std::string subject_alt_name = "IP:127.0.0.1,DNS:localhost";
  long from_seconds = -3600;  // relative to now
  long to_seconds = 3600;
  int highest_tls = 0;  // e.g. TLS1_1_VERSION; 0: any
};

class TestAuthority {
 public:
  TestAuthority() : key_(EVP_EC_gen("P-256")), certificate_(make(key_.get(), "test authority")) {
    add(certificate_.get(), certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
    add(certificate_.get(), certificate_.get(), NID_key_usage, "critical,keyCertSign");
    sign(certificate_.get());
  }

  // Writes the authority's certificate, for a client to trust.
  void write(const std::string& file) const {
    FILE* out = std::fopen(file.c_str(), "w");
    if (out == nullptr) throw std::runtime_error("cannot write " + file);
    PEM_write_X509(out, certificate_.get());
    std::fclose(out);
  }

  std::string certificate() const { return pem(certificate_.get()); }

  // Returns a certificate and its key, both in PEM form.
  std::pair<std::string, std::string> issue(const CertificateOptions& options = {}) const {
    const KeyPtr key(EVP_EC_gen("P-256"));
    return {pem(leaf_of(key.get(), options).get()), pem(key.get())};
  }

  TlsContext serve(const CertificateOptions& options = {}) const {
    const KeyPtr key(EVP_EC_gen("P-256"));
    const X509Ptr leaf = leaf_of(key.get(), options);
    TlsContext context(SSL_CTX_new(TLS_server_method()));
    if (options.highest_tls != 0) {
      SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
      SSL_CTX_set_max_proto_version(context.get(), options.highest_tls);
      SSL_CTX_set_security_level(context.get(), 0);
    }
    SSL_CTX_use_certificate(context.get(), leaf.get());
    SSL_CTX_use_PrivateKey(context.get(), key.get());
    return context;
  }

  static std::string pem(X509* certificate) {
    return pem_of([&](BIO* out) { return PEM_write_bio_X509(out, certificate); });
  }
  static std::string pem(EVP_PKEY* key) {
    return pem_of([&](BIO* out) {
      return PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
  }

 private:
  template <typename Write>
  static std::string pem_of(Write write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
    if (write(out.get()) != 1) throw std::runtime_error("cannot write PEM");
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return std::string(text, static_cast<std::size_t>(size));
  }
  X509Ptr leaf_of(EVP_PKEY* key, const CertificateOptions& options) const {
    X509Ptr leaf = make(key, "test server");
    X509_gmtime_adj(X509_getm_notBefore(leaf.get()), options.from_seconds);
    X509_gmtime_adj(X509_getm_notAfter(leaf.get()), options.to_seconds);
    X509_set_issuer_name(leaf.get(), X509_get_subject_name(certificate_.get()));
    add(leaf.get(), certificate_.get(), NID_subject_alt_name, options.subject_alt_name);
    sign(leaf.get());
    return leaf;
  }
  static X509Ptr make(EVP_PKEY* key, const char* name) {
    static long serial = 1;
    X509Ptr made(X509_new());
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_set_pubkey(made.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    X509_set_issuer_name(made.get(), X509_get_subject_name(made.get()));
    return made;
  }
  static void add(X509* to, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    if (extension == nullptr) throw std::runtime_error("bad extension " + value);
    X509_add_ext(to, extension, -1);
    X509_EXTENSION_free(extension);
  }
  void sign(X509* certificate) const { X509_sign(certificate, key_.get(), EVP_sha256()); }

  KeyPtr key_;
  X509Ptr certificate_;
};

}  // namespace taskwatchd
