// A store in a schema that no other test uses, which holds the leases of the contract suite's
// accounts.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "io/postgres/postgres_leases.h"
#include "io/postgres/postgres_store.h"
#include "io/store_contract.h"
#include "postgres_server.h"

namespace taskwatchd {

// One replica: its store and its leases.
class PostgresReplica {
 public:
  PostgresReplica(boost::asio::io_context& context, postgres::Target target, std::string holder)
      : context_(context) {
    auto opened = PostgresStore::open(context.get_executor(), target, holder);
    if (auto* error = std::get_if<OpenError>(&opened)) throw std::runtime_error(error->message);
    store_ = std::move(std::get<std::unique_ptr<PostgresStore>>(opened));
    leases_ = std::make_unique<PostgresLeases>(context.get_executor(), target, holder, *store_);
  }
  ~PostgresReplica() {
    leases_->close(std::chrono::seconds(5));
    store_->close(std::chrono::seconds(5));
  }
  PostgresStore& store() { return *store_; }
  PostgresLeases& leases() { return *leases_; }

  // Acquires the leases, whoever holds them, and fences the store with them.
  void hold(const std::vector<std::string>& accounts) {
    const auto table = std::get<LeaseTable>(wait(context_, leases_->read()));
    std::vector<Lease> held;
    for (const std::string& account : accounts) {
      Lease seen;
      seen.account = account;
      for (const Lease& one : table.leases) {
        if (one.account == account) seen = one;
      }
      const auto claimed = wait(context_, leases_->claim(seen));
      held.push_back(std::get<std::optional<Lease>>(claimed).value());
    }
    leases_->fence(held);
  }

 private:
  boost::asio::io_context& context_;
  std::unique_ptr<PostgresStore> store_;
  std::unique_ptr<PostgresLeases> leases_;
};

class PostgresWorld {
 public:
  PostgresWorld() : schema_("w" + std::to_string(++count())) { reopen(); }
  Store& store() { return replica_->store(); }
  boost::asio::io_context& context() { return context_; }
  void reopen() {
    replica_.reset();
    replica_ = make_replica();
    replica_->hold({"a", "b", "other", "prod", "sink/a", "sink/prod"});
  }

  // Another process on the same state.
  std::unique_ptr<PostgresReplica> make_replica() {
    const std::string digits = std::to_string(10'000 + ++count());
    const std::string holder = "00000000-0000-4000-8000-0000000" + digits;
    return std::make_unique<PostgresReplica>(context_, target(), holder);
  }
  postgres::Target target() const {
    // The machine may be busy.
    return {.url = PostgresServer::shared().url(),
            .password_file = "",
            .schema = schema_,
            .exchange = std::chrono::seconds(20)};
  }
  PostgresReplica& replica() { return *replica_; }
  template <typename Result>
  Result wait(Awaitable<Result> call) {
    return taskwatchd::wait(context_, std::move(call));
  }

 private:
  static int& count() {
    static int made = 0;
    return made;
  }

  std::string schema_;
  boost::asio::io_context context_;
  std::unique_ptr<PostgresReplica> replica_;
};

}  // namespace taskwatchd
