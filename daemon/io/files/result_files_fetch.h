// One blocking transfer into an open file, only for the thread of result_files. Connects only to
// addresses that the rules allow: the address itself is checked, after name resolution.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>

#include "config/file_host.h"
#include "ports.h"

namespace taskwatchd {

struct ResultFetchOptions {
  Duration timeout = std::chrono::seconds(60);  // for the whole transfer
  Duration connect_timeout = std::chrono::seconds(5);
  long low_speed_bytes = 100;  // bytes/s, averaged over low_speed_time
  std::chrono::seconds low_speed_time{10};
  std::size_t file_bytes = 64U << 20U;
  std::size_t header_bytes = 64U << 10U;
  std::string ca_file;  // of the request, instead of the system's CAs; empty: the system's
};

// Aborts a transfer from another thread.
class FetchStop {
 public:
  void stop();
  bool is_stopped() const { return stopped_; }
  // Sets the transfer in progress, which stop() wakes; nullptr: none any more.
  void watch(void* multi);

 private:
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;
  void* multi_ = nullptr;
};

// Writes the file's bytes to `file`, or returns the failure. The URL is sent unchanged.
std::optional<ResultFailure> fetch_result(const std::string& url, const FileUrl& where,
                                          const std::string& proxy, int file,
                                          const ResultFetchOptions& options, FetchStop& stop);

}  // namespace taskwatchd
