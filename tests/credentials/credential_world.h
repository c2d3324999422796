// Credential sources for the tests of the default credential provider chain: STS, the metadata
// service and a URI behind FakeHttp, files and variables in FakeSecrets, and a manually advanced
// clock.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "credentials/credentials.h"
#include "fakes/fake_clock.h"
#include "fakes/fake_entropy.h"
#include "fakes/fake_http.h"
#include "fakes/fake_secrets.h"

namespace taskwatchd {

class CredentialWorld : public testing::Test {
 protected:
  using milliseconds = std::chrono::milliseconds;
  using minutes = std::chrono::minutes;
  using seconds = std::chrono::seconds;
  static constexpr char kArn[] = "acs:ram::1:role/iot";

  AccountConfig account(const std::string& name = "prod") {
    AccountConfig account;
    account.name = name;
    return account;
  }
  // An account with an AccessKey in files, which assumes a role.
  AccountConfig role_account(const std::string& name = "prod") {
    AccountConfig with_role = account(name);
    with_role.credentials.access_key_id = "LTAI1";
    with_role.credentials.access_key_secret_file = "/secret";
    with_role.credentials.assume_role = RoleConfig{kArn, "me", "", duration};
    secrets.files.try_emplace("/secret", "file-secret");
    return with_role;
  }

  // Returns the result as text: an AccessKey ID, "pending", or "! " and the error message.
  static std::string word(const std::variant<Keys, KeyError>& keys) {
    if (const auto* error = std::get_if<KeyError>(&keys)) {
      return error->pending ? "pending" : "! " + error->message;
    }
    return std::get<Keys>(keys).access_key_id;
  }
  std::string now(const AccountConfig& of) { return word(credentials().keys(of)); }
  // Returns the result once no request is pending; gives up after 20 s.
  std::string settled(const AccountConfig& of) {
    std::string answer = now(of);
    for (int i = 0; i < 100 && answer == "pending"; ++i) {
      clock.advance(milliseconds(200));
      answer = now(of);
    }
    return answer;
  }
  // Asks for the credentials once per second for `span`, as a poller does.
  std::string pass(const AccountConfig& of, Duration span) {
    for (const Mono end = clock.now().mono + span; clock.now().mono < end;) {
      now(of);
      clock.advance(seconds(1));
    }
    return now(of);
  }

  HttpResult answer(const HttpRequest& request) {
    const bool metadata = request.url.find("/latest/") != std::string::npos;
    const bool sts = request.url.find("sts") != std::string::npos;
    const std::string service = metadata ? "metadata" : sts ? "sts" : "uri";
    asked.push_back(service);
    if (const auto at = faults.find(service); at != faults.end()) return at->second;
    if (request.method == "PUT") return good(metadata_v2 ? 200 : 404, "TOKEN");
    if (metadata && v2_only && request.headers.empty()) return good(403, "");
    if (request.url.ends_with("security-credentials/")) return good(200, "machine");
    const std::string id = service + std::to_string(++sessions);
    const std::string keys = R"("AccessKeyId":")" + id +
                             R"(","AccessKeySecret":"S","SecurityToken":"T","Expiration":")" +
                             rfc3339_seconds(clock.now().wall + cloud_ahead +
                                             std::chrono::duration_cast<milliseconds>(life)) +
                             "\"}";
    return good(200, sts ? R"({"Credentials":{)" + keys + "}" : R"({"Code":"Success",)" + keys);
  }
  HttpReply good(int status, std::string body) { return {status, {}, std::move(body)}; }

  std::chrono::seconds duration{3600};
  Duration life = seconds(3600);
  milliseconds cloud_ahead{};
  bool metadata_v2 = true;
  bool v2_only = false;
  int sessions = 0;
  std::vector<std::string> asked;
  std::map<std::string, HttpResult> faults;
  std::vector<std::string> warnings;

  boost::asio::io_context context;
  FakeClock clock{context};
  FakeEntropy entropy;
  FakeHttp http{clock, [this](const HttpRequest& request) { return answer(request); }};
  FakeSecrets secrets;
  // The environment is read when this is created: set `variables` first.
  std::optional<Credentials> made;
  Credentials& credentials() {
    if (!made) {
      made.emplace(context.get_executor(), FetchPorts{clock, entropy, http, secrets}, secrets,
                   [this](std::string text) { warnings.push_back(std::move(text)); });
    }
    return *made;
  }
};

}  // namespace taskwatchd
