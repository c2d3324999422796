#include "core/polling/list_scan.h"

#include <algorithm>

namespace taskwatchd {
namespace {

// Documented as valid for one minute; the response that contained it took some time to arrive.
constexpr Duration kTokenLife = std::chrono::seconds(55);
constexpr Duration kTokenUrgent = std::chrono::seconds(40);
constexpr std::uint32_t kWorthKeeping = 3;  // pages scanned
constexpr Duration kEmptyScanPause = std::chrono::seconds(5);
constexpr int kEmptyScanMax = 4;  // doublings: 80 s
// After a rejected token a scan restarts: at once the first time, or if it had read many pages.
constexpr Duration kTokenRejectedPause = std::chrono::seconds(5);
constexpr int kTokenRejectedMax = 4;  // doublings: 80 s
constexpr std::uint32_t kFar = 20;    // pages
constexpr Duration kEndless = std::chrono::minutes(1);
constexpr int kEndlessMax = 4;  // doublings: 16 min

Duration doubled(Duration first, int times, int most) {
  return first * (1 << std::clamp(times, 0, most));
}

}  // namespace

void ListScan::restart() {
  token_.clear();
  page_ = 0;
  from_start_ = true;
  begun_ = false;
}

ListScan::Position ListScan::position(Mono now) {
  if (!token_.empty() && now - token_at_ > kTokenLife) restart();
  return {token_, page_};
}

void ListScan::on_sent(std::uint64_t call, Mono now) {
  slot_.on_sent(call, now);
  if (begun_) return;
  begun_ = true;
  first_call_ = call;
  if (!from_start_) return;  // rereads the last page: began when the last scan ended
  began_ = now;
  found_ = 0;
}

void ListScan::on_failure(std::uint64_t call, const std::string& token, bool token_rejected,
                          Mono retry_at, Mono now) {
  slot_.on_failure(call, retry_at);
  if (!token_rejected || token.empty() || call < first_call_ || token != token_) return;
  if (rejected_ > 0 && page_ < kFar) {
    not_before_ =
        std::max(not_before_, now + doubled(kTokenRejectedPause, rejected_ - 1, kTokenRejectedMax));
  }
  ++rejected_;
  restart();
}

bool ListScan::expires_soon(Mono now) const {
  const Duration age = now - token_at_;
  return !token_.empty() && page_ >= kWorthKeeping && age > kTokenUrgent && age <= kTokenLife;
}

ListScan::End ListScan::on_page(std::uint64_t call, const std::string& token, const Page& page,
                                PageOrder::Kind order, Mono now) {
  slot_.on_response(call);
  if (!begun_ || call < first_call_ || token != token_) return End::kNone;  // already passed
  found_ += page.fresh;
  // Other calls may have found the unreconciled tasks: then the page was not in vain.
  barren_ = page.fresh > 0 || page.satisfied ? 0 : barren_ + 1;
  if (page.fresh > 0) empty_scans_ = 0;
  if (page.satisfied) deep_ = false;

  if (!page.next_token.empty()) {
    const bool newest = order == PageOrder::Kind::kNewestFirst && !deep_;
    if (newest && (page.fresh < page.rows || page.satisfied)) {
      // Tasks after a known one are all known. Tasks that are still unreconciled, although they
      // were counted before the page was requested, must be elsewhere.
      deep_ = !page.satisfied && page.counted;
      restart();
      return End::kNone;
    }
    if (page.next_token == token_ || page_ + 1 >= page.bound) {
      not_before_ = now + doubled(kEndless, endless_++, kEndlessMax);
      restart();
      return End::kEndless;
    }
    token_ = page.next_token;
    token_at_ = now;
    ++page_;
    return End::kNone;
  }

  const End end = from_start_ ? End::kComplete : End::kPartial;
  if (from_start_) {
    complete_since_ = began_;
    rejected_ = endless_ = 0;
  }
  const bool in_vain = !page.satisfied && found_ == 0 && page.counted;
  if (in_vain && from_start_)
    not_before_ = now + doubled(kEmptyScanPause, empty_scans_++, kEmptyScanMax);
  const bool resume = order == PageOrder::Kind::kOldestFirst && page_ > 0 && !in_vain;
  deep_ = in_vain && !from_start_;
  if (!resume) {
    restart();
    return end;
  }
  // New tasks will appear at the end: read only the last page again.
  token_at_ = now;
  from_start_ = false;
  begun_ = false;
  began_ = now;
  found_ = 0;
  return end;
}

}  // namespace taskwatchd
