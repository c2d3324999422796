// One transfer into an open file, blocking, for the thread of result_files alone. Only what the
// rules allow is connected to: the address itself is checked, whatever the name resolves to.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>

#include "config/file_host.h"
#include "ports.h"

namespace taskwatchd {

struct ResultFetchOptions {
  Duration timeout = std::chrono::seconds(60);  // all of it
  Duration connect_timeout = std::chrono::seconds(5);
  long low_speed_bytes = 100;  // a second, on average over
  std::chrono::seconds low_speed_time{10};
  std::size_t file_bytes = 64U << 20U;
  std::size_t header_bytes = 64U << 10U;
  std::string ca_file;  // the request's: instead of the system's; empty: those
};

// Ends a transfer from another thread.
class FetchStop {
 public:
  void stop();
  bool is_stopped() const { return stopped_; }
  // The transfer under way, woken by stop(); nullptr: none any more.
  void watch(void* multi);

 private:
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;
  void* multi_ = nullptr;
};

// Writes the file's bytes to `file`, or says why there are none. The URL goes out as it is.
std::optional<ResultFailure> fetch_result(const std::string& url, const FileUrl& where,
                                          const std::string& proxy, int file,
                                          const ResultFetchOptions& options, FetchStop& stop);

}  // namespace taskwatchd
