// The folder of raw result files beside the state: a file is written under a temporary name and
// appears whole; the oldest go. For the thread of result_files alone.
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

// ACCOUNT-ID.N.raw: what is not a letter, digit, - or _ is %XY; each part is cut at 100 bytes, N
// rises in the folder.
std::string result_file_name(const DistributionKey& key, std::uint64_t number);

class ResultFolder {
 public:
  ResultFolder(std::string path, ResultKeepLimits limits)
      : path_(std::move(path)), limits_(limits) {}

  struct Draft {
    int file = -1;  // open for reading and writing, mode 0600
    std::string path;
  };
  // A new empty file; makes the folder if it must and sweeps it. Else: what is wrong, and the mend.
  std::variant<Draft, std::string> begin();
  // Ends the draft: its file stays open. Returns what is wrong, or nothing.
  std::string keep(const Draft& draft, const DistributionKey& key);
  void discard(const Draft& draft);

 private:
  void sweep(std::size_t files);
  std::string path_;
  ResultKeepLimits limits_;
};

}  // namespace taskwatchd
