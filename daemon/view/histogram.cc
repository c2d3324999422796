#include "view/histogram.h"

#include <algorithm>
#include <numeric>

namespace taskwatchd {

void Histogram::observe(double value) {
  const auto edge = std::lower_bound(edges->begin(), edges->end(), value);  // edges are inclusive
  ++counts[static_cast<std::size_t>(edge - edges->begin())];
  sum += value;
}

std::uint64_t Histogram::count() const {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

}  // namespace taskwatchd
