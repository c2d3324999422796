// Position in the paginated ListTask result for one job and status. Pages can only be read in
// sequence: each needs the NextToken of the page before it, which expires after about a minute. A
// scan interrupted by an urgent call or a failure resumes if its token is still valid, and restarts
// otherwise. No I/O. Event-loop thread only; the caller passes the time.
#pragma once

#include <cstdint>
#include <string>

#include "core/polling/page_order.h"
#include "core/polling/poll_slot.h"
#include "core/types/time.h"

namespace taskwatchd {

class ListScan {
 public:
  // The next page to read: its pagination token (empty: the first page) and number. Restarts the
  // scan if the token has expired.
  struct Position {
    std::string token;
    std::uint32_t page = 0;
  };
  Position position(Mono now);

  void on_sent(std::uint64_t call, Mono now);

  // A page was received. `fresh`: how many of its `rows` were new. `satisfied`: no task is
  // unreconciled any more. `counted`: the statistics that show unreconciled tasks came before the
  // page was requested, so that they do not include later completions. `bound`: a scan of more
  // pages has no end.
  struct Page {
    std::string next_token;
    std::size_t rows = 0;
    std::size_t fresh = 0;
    bool satisfied = false;
    bool counted = false;
    std::uint32_t bound = UINT32_MAX;
  };
  enum class End : std::uint8_t {
    kNone,      // the scan goes on, or the page was that of an older scan
    kPartial,   // it ended, but did not begin at the first page
    kComplete,  // the complete list was read
    kEndless,   // given up: the list repeats a token, or has far too many pages
  };
  // `token` is the one the call used; a page that the scan has already passed changes nothing.
  End on_page(std::uint64_t call, const std::string& token, const Page& page, PageOrder::Kind order,
              Mono now);
  // The call failed: the same page is requested again at `retry_at`. `token_rejected`: the platform
  // rejected the token, so the scan restarts: at once, but with exponential backoff if this
  // repeats.
  void on_failure(std::uint64_t call, const std::string& token, bool token_rejected, Mono retry_at,
                  Mono now);

  // A call for a page is in flight, and the next one waits for it.
  bool in_flight(Mono now) const { return slot_.is_waiting(now); }
  // A page was read and the next one is to follow.
  bool midway() const { return page_ > 0; }
  // REQUIRES: a call is in flight. The page's number, from 0.
  std::uint32_t page_in_flight() const { return page_; }
  // No scan before then: scans that find no unreconciled task, have no end or have their tokens
  // rejected are repeated with exponential backoff.
  Mono not_before() const { return not_before_; }
  // No call before then, for the reasons above, a failed call or one in flight.
  Mono ready() const { return std::max(slot_.ready(), not_before_); }
  Mono backoff_until() const { return slot_.backoff_until(); }
  // A scan of several pages whose token expires soon: must continue now, or it was in vain.
  bool expires_soon(Mono now) const;
  // Start of the last complete scan; min() before the first. All tasks in the list then were seen.
  Mono complete_since() const { return complete_since_; }
  Mono last_asked() const { return slot_.sent_at(); }
  // Scans keep ending before the list does: the tasks further back cannot be read from this list.
  bool is_stuck() const { return rejected_ >= kStuck || endless_ > 0; }
  // Consecutive pages without any unreconciled task, in units of the whole list, if it has `pages`.
  std::uint32_t barren(std::uint32_t pages) const { return barren_ / std::max(pages, 1U); }

 private:
  static constexpr int kStuck = 3;  // consecutive scans that a rejected token ended
  void restart();

  PollSlot slot_;
  std::string token_;
  Mono token_at_;
  std::uint32_t page_ = 0;
  std::uint64_t first_call_ = 0;  // of this scan; responses to older calls do not belong to it
  Mono began_ = Mono::min();
  Mono complete_since_ = Mono::min();
  Mono not_before_ = Mono::min();
  std::size_t found_ = 0;     // in this scan
  std::uint32_t barren_ = 0;  // consecutive pages without unreconciled tasks, over all scans
  int empty_scans_ = 0;       // consecutive complete scans that found no unreconciled task
  int rejected_ = 0;          // consecutive scans that a rejected token ended
  int endless_ = 0;           // consecutive scans that were given up
  bool begun_ = false;        // a call of this scan was sent
  bool from_start_ = true;    // this scan began at the first page
  bool deep_ = false;         // unreconciled tasks are not where new ones appear: read to the end
};

}  // namespace taskwatchd
