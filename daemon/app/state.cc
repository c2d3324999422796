#include "app/state.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "cloud/signer.h"
#include "config/account_identity.h"
#include "core/types/exit_code.h"
#include "io/sqlite/sqlite_store.h"
#include "io/system/complain.h"

namespace taskwatchd {
namespace {

constexpr std::chrono::seconds kTryFor{30};
constexpr std::chrono::milliseconds kTryEvery{1000};

// A random UUID (RFC 9562, version 4).
std::string make_uuid(Entropy& entropy) {
  const std::uint64_t high = (entropy.next() & ~0xf000ULL) | 0x4000ULL;
  const std::uint64_t low = (entropy.next() >> 2) | (1ULL << 63);
  std::array<char, 37> text{};
  std::snprintf(text.data(), text.size(), "%08llx-%04llx-%04llx-%04llx-%012llx",
                static_cast<unsigned long long>(high >> 32),
                static_cast<unsigned long long>(high >> 16 & 0xffff),
                static_cast<unsigned long long>(high & 0xffff),
                static_cast<unsigned long long>(low >> 48),
                static_cast<unsigned long long>(low & 0xffffffffffff));
  return text.data();
}

// Until the server answers.
std::variant<std::unique_ptr<PostgresStore>, OpenError> open_patiently(
    const boost::asio::any_io_executor& executor, const postgres::Target& target,
    const std::string& holder) {
  const auto end = std::chrono::steady_clock::now() + kTryFor;
  for (bool first = true;; first = false) {
    auto opened = PostgresStore::open(executor, target, holder);
    const auto* const error = std::get_if<OpenError>(&opened);
    if (error == nullptr || error->kind != OpenError::Kind::kUnreachable) return opened;
    if (first) complain(error->message + "; trying again for 30 s");
    if (std::chrono::steady_clock::now() >= end) return opened;
    std::this_thread::sleep_for(kTryEvery);
  }
}

}  // namespace

int exit_code(OpenError::Kind kind) {
  switch (kind) {
    case OpenError::Kind::kLocked:
    case OpenError::Kind::kFull:
      return kExitRetry;
    case OpenError::Kind::kUnreachable:
      return kExitUnavailable;
    case OpenError::Kind::kNewer:
    case OpenError::Kind::kRefused:
      return kExitConfig;
    case OpenError::Kind::kUnusable:
      return kExitState;
  }
  return kExitOther;
}

std::variant<std::unique_ptr<State>, OpenError> State::open(
    const boost::asio::any_io_executor& executor, const Config& config, Entropy& entropy) {
  namespace fs = std::filesystem;
  std::unique_ptr<State> state(new State);
  if (config.state_url.empty()) {
    auto opened = SqliteStore::open(executor, config.state_path);
    if (auto* const error = std::get_if<OpenError>(&opened)) return *error;
    state->store_ = std::get<std::unique_ptr<SqliteStore>>(std::move(opened));
    state->results_folder_ = fs::path(config.state_path).parent_path() / "distributions";
    return state;
  }
  const postgres::Target target{.url = config.state_url,
                                .password_file = config.state_password_file,
                                .schema = config.state_schema};
  const std::string holder = make_uuid(entropy);
  auto opened = open_patiently(executor, target, holder);
  if (auto* const error = std::get_if<OpenError>(&opened)) return *error;
  auto store = std::get<std::unique_ptr<PostgresStore>>(std::move(opened));
  state->leases_ = std::make_unique<PostgresLeases>(executor, target, holder, *store);
  state->store_ = std::move(store);
  const char* const folder = std::getenv("STATE_DIRECTORY");
  state->keeps_results_ = folder != nullptr && *folder != '\0';
  state->results_folder_ =
      fs::path(state->keeps_results_ ? folder : fs::temp_directory_path()) / "distributions";
  if (!state->keeps_results_) state->results_folder_ += "-" + holder;
  return state;
}

void State::close(std::chrono::milliseconds bound) {
  if (leases_) leases_->close(bound);
  store_->close(bound);
}

Replica replica_of(const Config& config) {
  Replica self;
  self.name = config.replica_name;
  self.url = config.replica_url;
  self.accounts = lease_names(config);
  self.config_hashes = config_hashes(config);
  if (self.name.empty()) {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) == 0) self.name = host.data();
  }
  return self;
}

std::vector<std::string> lease_names(const Config& config) {
  std::vector<std::string> names;
  for (const AccountConfig& account : config.accounts) names.push_back(account.name);
  for (const SinkConfig& sink : config.sinks) names.push_back(sink_lease(sink.name));
  return names;
}

std::vector<std::string> config_hashes(const Config& config) {
  constexpr std::size_t kDigits = 16;
  std::vector<std::string> hashes;
  for (const AccountConfig& account : config.accounts) {
    hashes.push_back(sha256_hex(account_identity(account)).substr(0, kDigits));
  }
  hashes.resize(hashes.size() + config.sinks.size());  // sinks are not compared
  return hashes;
}

}  // namespace taskwatchd
