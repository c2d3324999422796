// A folder of its own and a SQLite store in it, for the store's tests.
#pragma once

#include <stdlib.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "io/sqlite_store.h"
#include "store_contract.h"

namespace taskwatchd {

// Gone with all in it at the end.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "taskwatchd-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

using Opened = std::variant<std::unique_ptr<SqliteStore>, OpenError>;

class SqliteWorld {
 public:
  explicit SqliteWorld(SqliteLimits limits = {}) : limits_(limits) { reopen(); }
  SqliteStore& store() { return *store_; }
  boost::asio::io_context& context() { return context_; }
  std::string path() const { return folder_.file("state.db"); }

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
  // The error of a call that must fail.
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
  TempFolder folder_;
  SqliteLimits limits_;
  boost::asio::io_context context_;
  std::unique_ptr<SqliteStore> store_;
};

}  // namespace taskwatchd
