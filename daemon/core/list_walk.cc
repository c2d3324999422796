#include "core/list_walk.h"

#include <algorithm>

namespace taskwatchd {
namespace {

// A token is documented to live for a minute; the reply that brought it was under way for a while.
constexpr Duration kTokenLife = std::chrono::seconds(55);
constexpr Duration kTokenUrgent = std::chrono::seconds(40);
constexpr std::uint32_t kWorthKeeping = 3;  // pages walked
constexpr Duration kFruitless = std::chrono::seconds(5);
constexpr int kFruitlessMax = 4;  // doublings: 80 s

}  // namespace

void ListWalk::restart() {
  token_.clear();
  page_ = 0;
  from_start_ = true;
}

ListWalk::Place ListWalk::place(Mono now) {
  if (!token_.empty() && now - token_at_ > kTokenLife) restart();
  return {token_, page_};
}

void ListWalk::asked(Mono now) {
  if (page_ == 0) {
    began_ = now;
    found_ = 0;
  }
  asked_token_ = token_;
  asked_at_ = now;
  in_flight_ = true;
}

void ListWalk::failed(bool token_refused) {
  in_flight_ = false;
  if (token_refused) restart();
}

bool ListWalk::dies_soon(Mono now) const {
  const Duration age = now - token_at_;
  return !token_.empty() && page_ >= kWorthKeeping && age > kTokenUrgent && age <= kTokenLife;
}

void ListWalk::page(const Page& page, PageOrder::Kind order, Mono now) {
  in_flight_ = false;
  found_ += page.fresh;
  if (page.fresh > 0) fruitless_ = 0;
  if (page.satisfied) deep_ = false;

  if (!page.next_token.empty()) {
    const bool newest = order == PageOrder::Kind::kNewestFirst && !deep_;
    if (newest && (page.fresh < page.rows || page.satisfied)) {
      // Behind a known one stand only known ones. What is missing all the same, though it was
      // counted before we looked, stands elsewhere.
      deep_ = !page.satisfied && page.counted;
      restart();
      return;
    }
    token_ = page.next_token;
    token_at_ = now;
    ++page_;
    return;
  }

  // The end.
  if (from_start_) whole_since_ = began_;
  const bool in_vain = !page.satisfied && found_ == 0 && page.counted;
  if (in_vain && from_start_) {
    not_before_ = now + kFruitless * (1 << std::min(fruitless_, kFruitlessMax));
    ++fruitless_;
  }
  const bool resume = order == PageOrder::Kind::kOldestFirst && page_ > 0 && !in_vain;
  deep_ = in_vain && !from_start_;
  if (!resume) {
    restart();
    return;
  }
  // New ones will stand at the end: look at the last page again, not at all of them.
  token_ = asked_token_;
  token_at_ = now;
  from_start_ = false;
  began_ = now;
  found_ = 0;
}

}  // namespace taskwatchd
