// A SQLite store in a temporary folder, for the store's tests.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <stdexcept>
#include <string>

#include "io/sqlite/sqlite_store.h"
#include "io/store_contract.h"
#include "io/temporary_folder.h"

namespace taskwatchd {

using Opened = std::variant<std::unique_ptr<SqliteStore>, OpenError>;

class SqliteWorld {
 public:
  explicit SqliteWorld(SqliteLimits limits = {}) : limits_(limits) { reopen(); }
  SqliteStore& store() { return *store_; }
  boost::asio::io_context& context() { return context_; }
  std::string path() const { return folder_ / "state.db"; }

  void close() {
    if (store_) store_->close(std::chrono::seconds(5));
    store_.reset();
  }
  Opened open() { return SqliteStore::open(context_.get_executor(), path(), limits_); }
  void reopen() {
    close();
    Opened opened = open();
    if (auto* error = std::get_if<OpenError>(&opened)) throw std::runtime_error(error->message);
    store_ = std::move(std::get<std::unique_ptr<SqliteStore>>(opened));
  }
  template <typename Result>
  Result wait(Awaitable<Result> call) {
    return taskwatchd::wait(context_, std::move(call));
  }
  // Returns the error of a call that must fail.
  template <typename Value>
  StoreError bad(Awaitable<std::variant<Value, StoreError>> call) {
    auto result = wait(std::move(call));
    if (std::holds_alternative<StoreError>(result)) return std::get<StoreError>(result);
    ADD_FAILURE() << "went well";
    return {};
  }
  template <typename Value>
  Value good(Awaitable<std::variant<Value, StoreError>> call) {
    auto result = wait(std::move(call));
    if (std::holds_alternative<Value>(result)) return std::move(std::get<Value>(result));
    ADD_FAILURE() << std::get<StoreError>(result).message;
    return {};
  }

 private:
  TemporaryFolder folder_;
  SqliteLimits limits_;
  boost::asio::io_context context_;
  std::unique_ptr<SqliteStore> store_;
};

}  // namespace taskwatchd
