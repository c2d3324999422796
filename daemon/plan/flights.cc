#include "plan/flights.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace taskwatchd::plan {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(10);  // of one call, as in io/http_client
constexpr std::uint64_t kWaySeed = 0x3a7;
// The median of |normal|.
constexpr double kHalfNormalMedian = 0.6744897501960817;

}  // namespace

Flights::Flights(Platform& platform, Duration rtt, Duration jitter, std::uint64_t seed)
    : platform_(platform),
      rtt_(rtt),
      jitter_(0, std::max(1e-9, seconds(jitter) / kHalfNormalMedian)),
      has_jitter_(jitter > Duration::zero()),
      random_(seed ^ kWaySeed) {}

Duration Flights::way() {
  const Duration late = has_jitter_ ? from_seconds(std::abs(jitter_(random_))) : Duration::zero();
  return rtt_ / 2 + late;
}

void Flights::send(Call call, Duration now) {
  Flight flight;
  flight.at = now + way();
  flight.number = ++number_;
  flight.sent = now;
  flight.answer.call = std::move(call);
  under_way_.push(std::move(flight));
}

// Executes the calls that arrive until then.
void Flights::land(Duration until) {
  while (!under_way_.empty() && under_way_.top().at <= until) {
    Flight flight = under_way_.top();
    under_way_.pop();
    CallResult& answer = flight.answer;
    answer.outcome = platform_.answer(answer.call, flight.at);
    const auto* failure = std::get_if<Failure>(&answer.outcome);
    const bool lost = failure != nullptr && failure->reason == Reason::kTimeout;
    const Duration back = way();
    flight.at = lost ? flight.sent + kTimeout : flight.at + back;
    answer.took = flight.at - flight.sent;
    answered_.push(std::move(flight));
  }
}

Duration Flights::next_answer(Duration limit) {
  // A call that arrives later may return earlier, but not before its own arrival.
  while (!under_way_.empty() && under_way_.top().at < limit &&
         (answered_.empty() || under_way_.top().at < answered_.top().at)) {
    land(under_way_.top().at);
  }
  return answered_.empty() ? limit : std::min(limit, answered_.top().at);
}

std::optional<CallResult> Flights::take(Duration now) {
  land(now);
  if (answered_.empty() || answered_.top().at > now) return std::nullopt;
  CallResult answer = answered_.top().answer;
  answered_.pop();
  return answer;
}

}  // namespace taskwatchd::plan
