// Counts of values in buckets, as Prometheus' histograms have them: a plain value. No I/O.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace taskwatchd {

// Upper edges of buckets, ascending; shared by all histograms of a family.
using Edges = std::shared_ptr<const std::vector<double>>;

struct Histogram {
  explicit Histogram(Edges edges) : edges(std::move(edges)), counts(this->edges->size() + 1) {}
  void observe(double value);
  std::uint64_t count() const;

  Edges edges;
  std::vector<std::uint64_t> counts;  // of each bucket and, last, above all edges; not cumulative
  double sum = 0;
};

}  // namespace taskwatchd
