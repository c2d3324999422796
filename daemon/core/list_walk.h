// One list of ListTask (a job's tasks in one status) as we walk through its pages, one after the
// other: the API has no other way. Knows where the walk stands and whether its token still lives,
// so that a walk is put off for something urgent and not lost. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "core/page_order.h"
#include "core/time.h"

namespace taskwatchd {

class ListWalk {
 public:
  // The next page to ask: its token (empty: the first page) and number. A token that is too old to
  // be taken begins the walk anew.
  struct Place {
    std::string token;
    std::uint32_t page = 0;
  };
  Place place(Mono now);

  void asked(Mono now);
  // A page came. `fresh` of its `rows` were news; `satisfied`: none is missing any more; `counted`:
  // the statistics that say what is missing came before the page was asked, so that they cannot
  // speak of what ended after it.
  struct Page {
    std::string next_token;
    std::size_t rows = 0;
    std::size_t fresh = 0;
    bool satisfied = false;
    bool counted = false;
  };
  void page(const Page& page, PageOrder::Kind order, Mono now);
  // No page came; `token_refused`: the cloud does not know the token.
  void failed(bool token_refused);

  bool in_flight() const { return in_flight_; }
  // A page was read and the next one is to follow.
  bool midway() const { return page_ > 0; }
  // REQUIRES: in flight. Its number, from 0.
  std::uint32_t page_in_flight() const { return page_; }
  // Not walked before then: walks that found nothing of what is missing are repeated ever later.
  Mono not_before() const { return not_before_; }
  // A walk of several pages whose token dies soon: to be asked now, or it was for nothing.
  bool dies_soon(Mono now) const;
  // When the last whole walk began; min() before the first. All that was in the list then was seen.
  Mono whole_since() const { return whole_since_; }
  Mono last_asked() const { return asked_at_; }

 private:
  void restart();

  std::string token_;
  std::string asked_token_;
  Mono token_at_;
  std::uint32_t page_ = 0;
  Mono began_ = Mono::min();
  Mono asked_at_ = Mono::min();
  Mono whole_since_ = Mono::min();
  Mono not_before_ = Mono::min();
  std::size_t found_ = 0;   // in this walk
  int fruitless_ = 0;       // whole walks running that found nothing though something was missing
  bool from_start_ = true;  // this walk began at the first page
  bool deep_ = false;       // what is missing is not where new ones turn up: go to the end
  bool in_flight_ = false;
};

}  // namespace taskwatchd
