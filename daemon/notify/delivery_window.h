// The events of a sink that are read from the store but not all delivered yet: which may be sent
// next, and how far the cursor may move. Events of one subject (a task, a job) are sent one after
// the other, in the order of their ids; those of different subjects at the same time. No I/O.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/events/event.h"

namespace taskwatchd {

class DeliveryWindow {
 public:
  // `cursor`: all events up to this id are delivered.
  explicit DeliveryWindow(std::uint64_t cursor) : through_(cursor) {}

  // Adds the events that the sink accepts, ascending by id, of those that the store has between
  // through() and `through`.
  void add(std::vector<Event> events, std::uint64_t through);
  // The store was read up to this id.
  std::uint64_t through() const { return through_; }

  // The next event whose subject has nothing in flight and nothing older that waits; it counts as
  // in flight. Null if there is none. The pointer is valid until the event is finished.
  const Event* next();
  // The oldest events, at most `limit`, for a sink that takes batches; they count as in flight.
  // Empty while others are in flight.
  std::vector<const Event*> next_batch(std::size_t limit);

  // The event was taken by the receiver, or is dropped.
  void finish(std::uint64_t id);
  // It was not taken: it is offered again.
  void put_back(std::uint64_t id);

  // All events up to this id are finished or not for this sink.
  std::uint64_t cursor() const;
  std::size_t in_flight() const { return in_flight_; }
  std::size_t size() const { return items_.size(); }
  // The oldest event that is not finished; null if there is none.
  const Event* oldest() const { return items_.empty() ? nullptr : &items_.begin()->second.event; }

 private:
  struct Item {
    Event event;
    std::string subject;
    bool in_flight = false;
  };
  const Event* send(Item& item);

  std::map<std::uint64_t, Item> items_;  // by id; finished ones are removed
  std::size_t in_flight_ = 0;
  std::uint64_t through_;
};

// What an event is about: "account/task/ID", or a job, a distribution or the account.
std::string subject_of(const Event& event);

}  // namespace taskwatchd
