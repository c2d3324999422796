// Distributions: batches that move devices to other instances, each device with a result code at
// the end. What no document tells (codes, columns of the file) is made up; README.md says what.
// Pure: seed and instants decide everything.
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
  std::uint32_t devices = 0;  // with results drawn from the seed, beside those of `results`
  double failed = 0;          // probability for each of those
  std::vector<DistributionRow> results;  // written down; an empty product_key is that above
  std::int64_t created_ms = 0;
  std::int64_t running_ms = 30'000;  // from its creation to its end
  bool aborts = false;
  std::string format = "csv";  // one of kResultFormats
};

struct Distribution {
  DistributionSpec spec;
  std::int64_t removed_ms = INT64_MAX;
  std::uint64_t fetched = 0;  // result files that went out
  std::uint64_t refused = 0;  // links that were too old, used up or wrong

  bool is_known(std::int64_t t) const { return t >= spec.created_ms && t < removed_ms; }
  // The cloud's number: 0 initializing, 1 running, 2 finished, 3 aborted. REQUIRES: is_known(t).
  int status(std::int64_t t) const;
  std::uint64_t total() const { return spec.devices + spec.results.size(); }
};

// What the result file says in the end: the devices drawn, then those written down. One that
// aborted has come to the first half only.
std::vector<DistributionRow> result_rows(const Distribution& distribution, std::uint64_t seed);

}  // namespace iotsim
