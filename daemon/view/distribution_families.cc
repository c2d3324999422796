#include "view/distribution_families.h"

#include <array>

#include "view/families.h"

namespace taskwatchd {
namespace {

// Calls emit(labels, value) for each sample of one family.
template <typename Emit>
void for_each_sample(const std::string& account, const DistributionView& view, FamilyId id,
                     const Emit& emit) {
  std::array<Label, 3> labels = {
      {{"account", account}, {"distribution_id", view.distribution_id}, {"", ""}}};
  if (id == FamilyId::kDistributionStatus && view.status_read) {
    for (const DistributionStatus status : kAllDistributionStatuses) {
      labels[2] = {"status", name(status)};
      emit(Labels(labels), view.status == status ? 1 : 0);
    }
  } else if (id == FamilyId::kDistributionDevices && view.devices) {
    const std::pair<std::string_view, std::uint32_t> counts[] = {
        {"ok", view.devices->ok},
        {"failed", view.devices->failed},
        {"unknown", view.devices->unknown}};
    for (const auto& [result, devices] : counts) {
      labels[2] = {"result", result};
      emit(Labels(labels), devices);
    }
  }
}

}  // namespace

void write_distribution_families(const DaemonStatus& status, Duration keep_finished, Wall now,
                                 MetricsWriter& page) {
  for (const FamilyId id : {FamilyId::kDistributionStatus, FamilyId::kDistributionDevices}) {
    page.begin(family(id));
    for (const AccountStatus& account : status.accounts) {
      for (const DistributionView& view : account.distributions) {
        if (view.ended && now - *view.ended >= keep_finished) continue;
        for_each_sample(account.name, view, id,
                        [&](Labels labels, double value) { page.sample(labels, value); });
      }
    }
  }
}

}  // namespace taskwatchd
