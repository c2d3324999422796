// Fetches result files of distributions with libcurl, within the rules of config/file_host, stores
// their bytes next to the state database and parses them. Parts: result_files_fetch,
// result_files_keep. Threads: one worker for everything, one fetch at a time; calls and answers on
// the executor's thread. Failure: ResultFailure, also for any exception of the parser, exhausted
// memory included; a thread that hangs on a disk or peer is detached.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "cloud/result_file.h"
#include "io/files/result_files_fetch.h"
#include "io/files/result_files_keep.h"
#include "ports.h"

namespace taskwatchd {

// Parses the bytes of a file into a result; it may release them early.
using ResultReader = std::function<DistributionResult(std::string_view, const ReleaseBytes&)>;

struct ResultFilesOptions {
  ResultFetchOptions fetch;
  ResultKeepLimits keep;
  ResultReader read;         // empty: read_result_file with its limits
  std::size_t waiting = 64;  // maximum number of waiting fetches; one more fails at once
};

class CurlResultFiles : public ResultFiles {
 public:
  // `folder`: where the bytes are stored; created on first use with mode 0700. Throws
  // std::runtime_error if libcurl cannot be initialized.
  CurlResultFiles(const boost::asio::any_io_executor& executor, std::string folder,
                  ResultFilesOptions options = {});
  // Fails the fetch in progress and the waiting ones within 0.5 s. Must be destroyed before the
  // executor's context.
  ~CurlResultFiles() override;
  CurlResultFiles(const CurlResultFiles&) = delete;
  CurlResultFiles& operator=(const CurlResultFiles&) = delete;

  // Not cancellable: a fetched file is stored even if nobody waits for it any more.
  Awaitable<std::variant<DistributionResult, ResultFailure>> fetch(ResultRequest request) override;

 private:
  struct Shared;
  bool start();
  static void run(const std::shared_ptr<Shared>& shared);

  boost::asio::any_io_executor executor_;
  std::shared_ptr<Shared> shared_;  // shared with the thread, which may outlive this object
};

}  // namespace taskwatchd
