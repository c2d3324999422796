// Distributions: batches that move devices to other instances and give each device a result code.
// What no document specifies (codes, columns of the file) is invented; README.md lists it. No I/O:
// the seed and the given instants determine everything.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace iotsim {

// One device in the result file.
struct DistributionRow {
  std::string product_key;
  std::string device;
  std::string code;  // "200": distributed
  std::string message;
};

struct DistributionSpec {
  std::string account;
  std::string id;
  std::string product_key = "a1SimProduct";
  std::string source_instance;
  std::vector<std::string> target_instances;
  std::uint32_t devices = 0;  // their results are drawn from the seed; added to `results`
  double failed = 0;          // failure probability of each of those
  std::vector<DistributionRow> results;  // scripted; an empty product_key means the one above
  std::int64_t created_ms = 0;
  std::int64_t running_ms = 30'000;  // from creation to end
  bool aborts = false;
  std::string format = "csv";  // one of kResultFormats
};

struct Distribution {
  DistributionSpec spec;
  std::int64_t removed_ms = INT64_MAX;
  std::uint64_t fetched = 0;  // result files sent
  std::uint64_t refused = 0;  // requests with an expired, used or invalid link

  bool is_known(std::int64_t t) const { return t >= spec.created_ms && t < removed_ms; }
  // Returns the platform's code: 0 initializing, 1 running, 2 finished, 3 aborted. REQUIRES:
  // is_known(t).
  int status(std::int64_t t) const;
  std::uint64_t total() const { return spec.devices + spec.results.size(); }
};

// Returns the rows of the final result file: the drawn devices, then the scripted ones. An aborted
// distribution has only the first half.
std::vector<DistributionRow> result_rows(const Distribution& distribution, std::uint64_t seed);

}  // namespace iotsim
