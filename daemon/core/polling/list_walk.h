// One list of ListTask (a job's tasks in one status) as we walk through its pages, one after the
// other: the API has no other way. Knows where the walk stands and whether its token still lives,
// so that a walk is put off for something urgent, or resumed after a failed call, and not lost.
// No I/O. Event-loop thread only; the caller passes the time.
#pragma once

#include <cstdint>
#include <string>

#include "core/polling/page_order.h"
#include "core/polling/poll_slot.h"
#include "core/types/time.h"

namespace taskwatchd {

class ListWalk {
 public:
  // The next page to ask: its token (empty: the first page) and number. A token that is too old to
  // be taken begins the walk again.
  struct Place {
    std::string token;
    std::uint32_t page = 0;
  };
  Place place(Mono now);

  void on_sent(std::uint64_t call, Mono now);

  // A page came. `fresh` of its `rows` were news; `satisfied`: none is missing any more; `counted`:
  // the statistics that say what is missing came before the page was asked, so that they cannot
  // speak of what ended after it. `bound`: a walk of more pages has no end.
  struct Page {
    std::string next_token;
    std::size_t rows = 0;
    std::size_t fresh = 0;
    bool satisfied = false;
    bool counted = false;
    std::uint32_t bound = UINT32_MAX;
  };
  enum class End : std::uint8_t {
    kNone,     // the walk goes on, or the page was that of an older walk
    kPart,     // it ended, but did not begin at the first page
    kWhole,    // all of the list was read
    kEndless,  // it was given up: the list repeats a token, or has far too many pages
  };
  // `token` is what the call asked with; a page that the walk has passed already changes nothing.
  End on_page(std::uint64_t call, const std::string& token, const Page& page, PageOrder::Kind order,
              Mono now);
  // No page came: the same one is asked again at `retry_at`. `token_refused`: the cloud does not
  // take the token (any more), so the walk begins again: at once, but ever later if that goes on.
  void on_failure(std::uint64_t call, const std::string& token, bool token_refused, Mono retry_at,
                  Mono now);

  // A page is under way, and the next call waits for it.
  bool in_flight(Mono now) const { return slot_.is_waiting(now); }
  // A page was read and the next one is to follow.
  bool midway() const { return page_ > 0; }
  // REQUIRES: in flight. Its number, from 0.
  std::uint32_t page_in_flight() const { return page_; }
  // Not walked before then: walks that find nothing of what is missing, end nowhere or have their
  // tokens refused are repeated ever later.
  Mono not_before() const { return not_before_; }
  // Not asked before then, for one of the above, a failed call or one under way.
  Mono ready() const { return std::max(slot_.ready(), not_before_); }
  Mono backoff_until() const { return slot_.backoff_until(); }
  // A walk of several pages whose token dies soon: to be asked now, or it was for nothing.
  bool dies_soon(Mono now) const;
  // When the last whole walk began; min() before the first. All that was in the list then was seen.
  Mono whole_since() const { return whole_since_; }
  Mono last_asked() const { return slot_.sent_at(); }
  // Walks keep ending before the list does: what stands behind is not to be had by this list.
  bool is_stuck() const { return refused_ >= kStuck || endless_ > 0; }
  // Whole lists' worth of consecutive pages that brought nothing of what is missing, if the list
  // has `pages`.
  std::uint32_t barren(std::uint32_t pages) const { return barren_ / std::max(pages, 1U); }

 private:
  static constexpr int kStuck = 3;  // consecutive walks that a refused token ended
  void restart();

  PollSlot slot_;
  std::string token_;
  Mono token_at_;
  std::uint32_t page_ = 0;
  std::uint64_t first_call_ = 0;  // of this walk; answers to older calls are not its own
  Mono began_ = Mono::min();
  Mono whole_since_ = Mono::min();
  Mono not_before_ = Mono::min();
  std::size_t found_ = 0;     // in this walk
  std::uint32_t barren_ = 0;  // consecutive pages in vain, over all walks
  int fruitless_ = 0;         // consecutive whole walks that found nothing though something missed
  int refused_ = 0;           // consecutive walks that a refused token ended
  int endless_ = 0;           // consecutive walks that were given up
  bool begun_ = false;        // a call of this walk was sent
  bool from_start_ = true;    // this walk began at the first page
  bool deep_ = false;         // what is missing is not where new ones turn up: go to the end
};

}  // namespace taskwatchd
