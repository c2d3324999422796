// Loads the exporter-toolkit's own test files. Files that the toolkit accepts are served, with a
// warning if they are less safe than they look.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "io/temporary_folder.h"
#include "io/test_certificates.h"
#include "server/web_settings.h"

namespace taskwatchd {
namespace {

using testing::HasSubstr;

enum class Verdict { kAccepted, kWarned, kRefused };
struct Row {
  Verdict verdict;
  const char* why = "";  // part of the warning or the error
};

constexpr const char* kStrangers = "lets clients in without a certificate";
constexpr const char* kUnverified = "anybody can make one";
constexpr const char* kMachine = "every authority that this machine trusts";
constexpr const char* kDear = "user `bob` has a cost of 18";

const std::map<std::string, Row>& rows() {
  static const std::map<std::string, Row> rows = {
      {"tls_config_noAuth.requireandverifyclientcert.good.yml", {Verdict::kAccepted}},
      {"tls_config_noAuth.requireanyclientcert.good.yml", {Verdict::kWarned, kUnverified}},
      {"tls_config_noAuth.requireanyclientcertkeyinline.good.yml", {Verdict::kWarned, kUnverified}},
      {"web_config_auth_clientCAs_invalid.bad.yml", {Verdict::kRefused, "is used only with"}},
      // Means the same as good.blocking, and the toolkit accepts both.
      {"web_config_auth_clientCAs_missing.bad.yml", {Verdict::kWarned, kMachine}},
      // Only the client is invalid; the handshake rejects it.
      {"web_config_auth_client_san.bad.yaml", {Verdict::kAccepted}},
      {"web_config_auth_client_san.good.yaml", {Verdict::kAccepted}},
      {"web_config_auth_user_list_invalid.bad.yml", {Verdict::kRefused, "must be a bcrypt hash"}},
      {"web_config_empty.yml", {Verdict::kAccepted}},
      {"web_config_headers.good.yml", {Verdict::kAccepted}},
      {"web_config_headers_content_type_options.bad.yml", {Verdict::kRefused, "`nosniff`"}},
      {"web_config_headers_extra_header.bad.yml", {Verdict::kRefused, "`Content-Type`"}},
      {"web_config_headers_frame_options.bad.yml", {Verdict::kRefused, "`X-Frame-Options` must"}},
      {"web_config_junk.yml", {Verdict::kRefused, "KEY: VALUE"}},
      {"web_config_junk_key.yml", {Verdict::kRefused, "unknown key `cert_filse`"}},
      {"web_config_noAuth.bad.yml", {Verdict::kRefused, "is used only with"}},
      {"web_config_noAuth.good.blocking.yml", {Verdict::kWarned, kMachine}},
      {"web_config_noAuth.good.yml", {Verdict::kWarned, kStrangers}},
      {"web_config_noAuth_allCiphers.good.yml", {Verdict::kWarned, kStrangers}},
      {"web_config_noAuth_allCurves.good.yml", {Verdict::kWarned, kStrangers}},
      {"web_config_noAuth_certPath_empty.bad.yml", {Verdict::kRefused, "`cert_file` is missing"}},
      {"web_config_noAuth_certPath_invalid.bad.yml", {Verdict::kRefused, "No such file"}},
      {"web_config_noAuth_certPath_keyPath_empty.bad.yml",
       {Verdict::kRefused, "`key_file` is missing"}},
      {"web_config_noAuth_certPath_keyPath_invalid.bad.yml", {Verdict::kRefused, "No such file"}},
      {"web_config_noAuth_cert_empty.bad.yml", {Verdict::kRefused, "`cert_file` is missing"}},
      {"web_config_noAuth_inventedCiphers.bad.yml", {Verdict::kRefused, "AES_128_GCM_SHA2048"}},
      {"web_config_noAuth_inventedCurves.bad.yml", {Verdict::kRefused, "`CurveP257`"}},
      {"web_config_noAuth_keyPath_empty.bad.yml", {Verdict::kRefused, "`key_file` is missing"}},
      {"web_config_noAuth_keyPath_invalid.bad.yml", {Verdict::kRefused, "No such file"}},
      {"web_config_noAuth_key_empty.bad.yml", {Verdict::kRefused, "`key_file` is missing"}},
      {"web_config_noAuth_noHTTP2.good.yml", {Verdict::kWarned, kStrangers}},
      {"web_config_noAuth_noHTTP2Cipher.bad.yml", {Verdict::kRefused, "that HTTP/2 requires"}},
      {"web_config_noAuth_someCiphers.good.yml", {Verdict::kWarned, kStrangers}},
      {"web_config_noAuth_someCiphers_noOrder.good.yml", {Verdict::kWarned, kStrangers}},
      {"web_config_noAuth_someCurves.good.yml", {Verdict::kWarned, kStrangers}},
      {"web_config_noAuth_tlsInline.good.yml", {Verdict::kWarned, kStrangers}},
      {"web_config_noAuth_wrongTLSVersion.bad.yml", {Verdict::kRefused, "`min_version` must be"}},
      {"web_config_rate_limiter_nonblocking.yaml", {Verdict::kAccepted}},
      {"web_config_rate_limiter_one_second.yaml", {Verdict::kWarned, "every request gets 429"}},
      {"web_config_users.good.yml", {Verdict::kWarned, kDear}},
      {"web_config_users_noTLS.good.yml", {Verdict::kWarned, kDear}},
  };
  return rows;
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string lines_of(const std::vector<ConfigError>& all) {
  std::string lines;
  for (const ConfigError& one : all) lines += to_string(one) + "\n";
  return lines;
}

class Toolkit : public testing::Test {
 protected:
  // Copies the files with mode 0600: in a checkout they may be readable by all users.
  Toolkit() {
    for (const auto& entry : std::filesystem::directory_iterator(TEST_DATA_DIR "/toolkit")) {
      const std::string name = entry.path().filename();
      const std::string copy = folder.write(name, text_of(entry.path()));
      ::chmod(copy.c_str(), 0600);
      if (name.ends_with(".yml") || name.ends_with(".yaml")) configurations.push_back(name);
    }
  }

  // Returns whether a client with this certificate is accepted; empty: no certificate.
  bool lets_in(const std::string& configuration, const std::string& client) {
    const WebSettingResult result = load_web_setting(folder / configuration);
    const auto* const setting = std::get_if<WebSetting>(&result);
    if (setting == nullptr) return false;
    const TlsContext context(SSL_CTX_new(TLS_client_method()));
    const auto file = [&](const char* kind) { return folder / (client + kind); };
    if (!client.empty()) {
      EXPECT_EQ(SSL_CTX_use_certificate_file(context.get(), file(".pem").c_str(), SSL_FILETYPE_PEM),
                1);
      EXPECT_EQ(SSL_CTX_use_PrivateKey_file(context.get(), file(".key").c_str(), SSL_FILETYPE_PEM),
                1);
    }
    using Ssl = std::unique_ptr<SSL, decltype(&SSL_free)>;
    const Ssl server(SSL_new(setting->tls->native_handle()), &SSL_free);
    const Ssl asker(SSL_new(context.get()), &SSL_free);
    BIO* one = nullptr;
    BIO* other = nullptr;
    BIO_new_bio_pair(&one, 0, &other, 0);
    SSL_set_bio(server.get(), one, one);
    SSL_set_bio(asker.get(), other, other);
    SSL_set_accept_state(server.get());
    SSL_set_connect_state(asker.get());
    for (int flights = 0; flights < 10; ++flights) {
      SSL_do_handshake(asker.get());
      if (SSL_do_handshake(server.get()) == 1) return true;
    }
    return false;
  }

  TemporaryFolder folder;
  std::vector<std::string> configurations;
};

TEST_F(Toolkit, EachOfItsFilesGetsItsVerdict) {
  EXPECT_EQ(configurations.size(), rows().size()) << "a row without a file, or the other way";
  for (const std::string& name : configurations) {
    const auto row = rows().find(name);
    ASSERT_NE(row, rows().end()) << name << " has no row";
    const auto& [verdict, why] = row->second;
    const WebSettingResult result = load_web_setting(folder / name);
    const auto* const errors = std::get_if<std::vector<ConfigError>>(&result);
    const std::string said =
        lines_of(errors != nullptr ? *errors : std::get<WebSetting>(result).warnings);
    EXPECT_EQ(errors != nullptr, verdict == Verdict::kRefused) << name << "\n" << said;
    EXPECT_EQ(said.empty(), verdict == Verdict::kAccepted) << name << "\n" << said;
    EXPECT_THAT(said, HasSubstr(why)) << name;
    EXPECT_EQ(said.find("$2y$1"), std::string::npos) << name << " repeats a hash";
  }
}

TEST_F(Toolkit, ItsClientsAreLetInAsByIt) {
  const struct {
    const char* configuration;
    const char* client;
    bool let_in;
  } cases[] = {
      {"tls_config_noAuth.requireandverifyclientcert.good.yml", "client_selfsigned", true},
      {"tls_config_noAuth.requireandverifyclientcert.good.yml", "client2_selfsigned", false},
      {"tls_config_noAuth.requireandverifyclientcert.good.yml", "", false},
      {"tls_config_noAuth.requireanyclientcert.good.yml", "client_selfsigned", true},
      {"tls_config_noAuth.requireanyclientcert.good.yml", "", false},
      {"tls_config_noAuth.requireanyclientcertkeyinline.good.yml", "client_selfsigned", true},
      {"web_config_auth_client_san.good.yaml", "client2_selfsigned", true},
      {"web_config_auth_client_san.bad.yaml", "client2_selfsigned", false},
      {"web_config_auth_client_san.good.yaml", "client_selfsigned", false},
      {"web_config_noAuth.good.blocking.yml", "", false},
      {"web_config_noAuth.good.yml", "", true},
      {"web_config_noAuth.good.yml", "client_selfsigned", false},
      {"web_config_noAuth_allCiphers.good.yml", "", true},
      {"web_config_noAuth_allCurves.good.yml", "", true},
      {"web_config_noAuth_noHTTP2.good.yml", "", true},
      {"web_config_noAuth_someCiphers.good.yml", "", true},
      {"web_config_noAuth_someCurves.good.yml", "", true},
      {"web_config_noAuth_tlsInline.good.yml", "", true},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(lets_in(one.configuration, one.client), one.let_in)
        << one.configuration << ", client '" << one.client << "'";
  }
}

}  // namespace
}  // namespace taskwatchd
