// The default credential provider chain on this host: its files, its environment variables and its
// HTTP fetches. Shared by the daemon and the commands that call the API. Event-loop thread only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <string>
#include <utility>

#include "credentials/credentials.h"
#include "io/files/key_files.h"

namespace taskwatchd {

class LocalCredentials : public KeySource {
 public:
  // All references must outlive this object; `log` may be null.
  LocalCredentials(boost::asio::any_io_executor executor, Clock& clock, Entropy& entropy,
                   HttpClient& http, Log* log)
      : chain_(std::move(executor), {clock, entropy, http, files_}, files_,
               [log, &clock](std::string msg) {
                 if (log == nullptr) return;
                 Event event;
                 event.ts = clock.now().wall;
                 event.level = Level::kWarn;
                 event.msg = std::move(msg);
                 log->write(std::move(event));
               }) {}

  std::variant<Keys, KeyError> keys(const AccountConfig& account) override {
    return chain_.keys(account);
  }
  bool refused(const AccountConfig& account, const Keys& keys) override {
    return chain_.refused(account, keys);
  }
  // Removes the credentials of accounts that are no longer configured. Call it after a reload.
  void keep_only(const Config& config) {
    files_.keep_only(config);
    chain_.keep_only(config);
  }

 private:
  KeyFiles files_;
  Credentials chain_;
};

}  // namespace taskwatchd
