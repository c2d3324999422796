#include "simulator/model_distribution.h"

#include <algorithm>
#include <array>

#include "simulator/model_random.h"
#include "simulator/model_text.h"

namespace iotsim {
namespace {

// How long a distribution is initializing, in ms; at most half of its total time.
constexpr std::int64_t kPreparingMs = 1000;

struct Failure {
  const char* code;
  const char* message;
};
constexpr std::array<Failure, 3> kFailures = {{
    {"6100", "device not found"},
    {"6401", "target instance refused, quota exceeded"},  // CSV must quote the comma
    {"500", "system error"},
}};

}  // namespace

int Distribution::status(std::int64_t t) const {
  const std::int64_t age = t - spec.created_ms;
  if (age < std::min(kPreparingMs, spec.running_ms / 2)) return 0;
  if (age < spec.running_ms) return 1;
  return spec.aborts ? 3 : 2;
}

std::vector<DistributionRow> result_rows(const Distribution& distribution, std::uint64_t seed) {
  const DistributionSpec& spec = distribution.spec;
  Random random(mix(seed, hash_text(spec.id)));
  std::vector<DistributionRow> rows;
  rows.reserve(distribution.total());
  for (std::uint32_t i = 0; i < spec.devices; ++i) {
    const std::string device = "dev" + base62(mix(hash_text(spec.id), i), 8);
    const bool fails = random.chance(spec.failed);
    const Failure& failure = kFailures[random.below(kFailures.size())];
    rows.push_back({spec.product_key, device, fails ? failure.code : "200",
                    fails ? failure.message : "success"});
  }
  for (DistributionRow row : spec.results) {
    if (row.product_key.empty()) row.product_key = spec.product_key;
    rows.push_back(std::move(row));
  }
  if (spec.aborts) rows.resize((rows.size() + 1) / 2);
  return rows;
}

}  // namespace iotsim
