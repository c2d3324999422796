// The platform's side of HTTP as a function, on the fake clock: takes a request, waits, responds.
// The function may return any failure, with any delay. Threads: that of the io_context.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "ports.h"

namespace taskwatchd {

class FakeHttp : public HttpClient {
 public:
  using Answer = std::function<HttpResult(const HttpRequest&)>;
  using Delay = std::function<Duration(const HttpRequest&)>;
  // The time before the request leaves: name look-up and connection.
  struct Start {
    Duration took{};
    std::optional<TransportFailure> failure;  // if set, the request never leaves
  };
  using Starts = std::function<Start(const HttpRequest&)>;
  struct Sent {
    Mono at;  // when it left
    HttpRequest request;
  };

  // The clock must outlive this. `answer` is called when the request arrives, after the delay
  // `there`.
  FakeHttp(Clock& clock, Answer answer) : clock_(clock), answer_(std::move(answer)) {}

  void set_answer(Answer answer) { answer_ = std::move(answer); }
  // Sets the delays of request and response. Default: none.
  void set_delay(Duration there, Duration back = Duration(0)) {
    there_ = [there](const HttpRequest&) { return there; };
    back_ = [back](const HttpRequest&) { return back; };
  }
  void set_delay(Delay there, Delay back) {
    there_ = std::move(there);
    back_ = std::move(back);
  }
  // Default: every request leaves at once.
  void set_start(Starts starts) { starts_ = std::move(starts); }
  // Sets how many of the latest requests are kept.
  void set_memory(std::size_t limit) { memory_ = limit; }

  const std::deque<Sent>& requests() const { return requests_; }
  std::size_t sent() const { return sent_; }
  std::size_t in_flight() const { return flights_->now; }
  std::size_t most_in_flight() const { return flights_->most; }

  using HttpClient::send;
  Awaitable<HttpResult> send(HttpRequest request, Departed departed) override {
    const Flight flight(flights_);
    const auto alarm = clock_.make_alarm();
    const Start start = starts_ ? starts_(request) : Start{};
    if (start.took > Duration(0)) co_await alarm->wait_until(clock_.now().mono + start.took);
    if (start.failure) co_return *start.failure;
    if (departed && !departed()) co_return TransportFailure{};
    ++sent_;
    requests_.push_back({clock_.now().mono, request});
    if (requests_.size() > memory_) requests_.pop_front();
    const Duration there = there_ ? there_(request) : Duration(0);
    if (there > Duration(0)) co_await alarm->wait_until(clock_.now().mono + there);
    HttpResult result = answer_(request);
    const Duration back = back_ ? back_(request) : Duration(0);
    co_await alarm->wait_until(clock_.now().mono + back);
    co_return result;
  }

 private:
  // Shared: the loop may destroy a call in flight after this object.
  struct Flights {
    std::size_t now = 0;
    std::size_t most = 0;
  };
  struct Flight {
    explicit Flight(std::shared_ptr<Flights> of) : flights(std::move(of)) {
      flights->most = std::max(flights->most, ++flights->now);
    }
    Flight(const Flight&) = delete;
    Flight& operator=(const Flight&) = delete;
    ~Flight() { --flights->now; }
    std::shared_ptr<Flights> flights;
  };

  Clock& clock_;
  Answer answer_;
  Starts starts_;
  Delay there_;
  Delay back_;
  std::size_t memory_ = 10'000;
  std::deque<Sent> requests_;
  std::size_t sent_ = 0;
  std::shared_ptr<Flights> flights_ = std::make_shared<Flights>();
};

}  // namespace taskwatchd
