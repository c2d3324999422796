#include "notify/delivery_window.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/events/event_fields.h"

namespace taskwatchd {

void DeliveryWindow::add(std::vector<Event> events, std::uint64_t through) {
  for (Event& event : events) {
    const std::uint64_t id = event.id;
    std::string subject = subject_of(event);
    items_.try_emplace(id, Item{std::move(event), std::move(subject)});
  }
  through_ = std::max(through_, through);
}

const Event* DeliveryWindow::send(Item& item) {
  item.in_flight = true;
  ++in_flight_;
  return &item.event;
}

const Event* DeliveryWindow::next() {
  std::set<std::string_view> older;  // subjects of which an older event is not finished
  for (auto& [id, item] : items_) {
    if (older.insert(item.subject).second && !item.in_flight) return send(item);
  }
  return nullptr;
}

std::vector<const Event*> DeliveryWindow::next_batch(std::size_t limit) {
  std::vector<const Event*> batch;
  if (in_flight_ > 0) return batch;
  for (auto& [id, item] : items_) {
    if (batch.size() == limit) break;
    batch.push_back(send(item));
  }
  return batch;
}

void DeliveryWindow::put_back(std::uint64_t id) {
  const auto at = items_.find(id);
  if (at == items_.end() || !std::exchange(at->second.in_flight, false)) return;
  --in_flight_;
}

void DeliveryWindow::finish(std::uint64_t id) {
  put_back(id);
  items_.erase(id);
}

std::uint64_t DeliveryWindow::cursor() const {
  return items_.empty() ? through_ : items_.begin()->first - 1;
}

std::string subject_of(const Event& event) {
  const std::string account(text_field(event, "account"));
  for (const std::string_view field : {"task_id", "job_id", "distribution_id"}) {
    const std::string_view id = text_field(event, field);
    if (!id.empty()) return account + '/' + std::string(field) + '/' + std::string(id);
  }
  return account;
}

}  // namespace taskwatchd
