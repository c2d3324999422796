// The folder of raw result files next to the state database. A file is written under a temporary
// name and renamed when complete; the oldest files are removed. Only for the thread of
// result_files.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

#include "core/types/distribution.h"

namespace taskwatchd {

struct ResultKeepLimits {
  std::size_t files = 20;
  std::uint64_t bytes = 256U << 20U;
  std::chrono::hours age{30 * 24};
};

// Returns ACCOUNT-ID.N.raw. Characters other than letters, digits, - and _ become %XY; ACCOUNT and
// ID are each cut at 100 bytes; N increases within the folder.
std::string result_file_name(const DistributionKey& key, std::uint64_t number);

class ResultFolder {
 public:
  ResultFolder(std::string path, ResultKeepLimits limits)
      : path_(std::move(path)), limits_(limits) {}

  struct Draft {
    int file = -1;  // open for reading and writing, mode 0600
    std::string path;
  };
  // Creates an empty temporary file; creates the folder if necessary and cleans it up. Otherwise
  // returns the error and how to fix it.
  std::variant<Draft, std::string> begin();
  // Completes the draft; its file stays open. Returns the error, or an empty text.
  std::string keep(const Draft& draft, const DistributionKey& key);
  void discard(const Draft& draft);

 private:
  void sweep(std::size_t files);
  std::string path_;
  ResultKeepLimits limits_;
};

}  // namespace taskwatchd
