// Fetches result files of distributions over libcurl, within the rules of config/file_host, keeps
// their bytes beside the state and reads them. Parts: result_files_fetch, result_files_keep.
// Threads: one for all of it, a fetch at a time; calls and answers on the executor's thread.
// Failure: ResultFailure, whatever the reading throws, memory that runs out included; a disk or
// peer that hangs is left behind.
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

// What makes a result of a file's bytes, which it may let go early.
using ResultReader = std::function<DistributionResult(std::string_view, const ReleaseBytes&)>;

struct ResultFilesOptions {
  ResultFetchOptions fetch;
  ResultKeepLimits keep;
  ResultReader read;         // empty: read_result_file with its limits
  std::size_t waiting = 64;  // fetches; one more fails at once
};

class CurlResultFiles : public ResultFiles {
 public:
  // `folder`: where the bytes are kept, made when first needed, with mode 0700. Throws
  // std::runtime_error if libcurl cannot start.
  CurlResultFiles(const boost::asio::any_io_executor& executor, std::string folder,
                  ResultFilesOptions options = {});
  // Ends the fetch under way and those waiting with a failure, within half a second. Must come
  // before the end of the executor's context.
  ~CurlResultFiles() override;
  CurlResultFiles(const CurlResultFiles&) = delete;
  CurlResultFiles& operator=(const CurlResultFiles&) = delete;

  // Not cancellable: what was fetched is kept whether anybody waits or not.
  Awaitable<std::variant<DistributionResult, ResultFailure>> fetch(ResultRequest request) override;

 private:
  struct Shared;
  bool start();
  static void run(const std::shared_ptr<Shared>& shared);

  boost::asio::any_io_executor executor_;
  std::shared_ptr<Shared> shared_;  // with the thread, which may outlive us
};

}  // namespace taskwatchd
