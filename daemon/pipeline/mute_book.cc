#include "pipeline/mute_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace taskwatchd {

MuteBook::MuteBook(Ports ports, std::function<void()> changed)
    : ports_(ports), changed_(std::move(changed)), alarm_(ports.clock.make_alarm()) {}

Awaitable<void> MuteBook::run(bool others) {
  bool is_known = false;
  while (!stopping_) {
    auto found = co_await ports_.store.mutes();
    if (auto* const all = std::get_if<std::vector<Mute>>(&found)) {
      is_known = true;
      if (mutes_ != *all) {
        mutes_ = std::move(*all);
        changed_();
      }
    }
    const Duration wait = !is_known ? kStoreRetry : others ? kReadMutesEvery : Duration::max();
    const Mono now = ports_.clock.now().mono;
    co_await alarm_->wait_until(wait == Duration::max() ? Mono::max() : now + wait);
  }
}

void MuteBook::stop() {
  stopping_ = true;
  alarm_->ring();
}

Awaitable<std::optional<StoreError>> MuteBook::put(const Mute& mute) {
  Commit commit;
  commit.mutes.push_back(mute);
  auto stored = co_await ports_.store.commit(std::move(commit));
  if (auto* const error = std::get_if<StoreError>(&stored)) co_return std::move(*error);
  const auto same = [&](const Mute& one) { return one.id == mute.id; };
  const auto at = std::find_if(mutes_.begin(), mutes_.end(), same);
  if (at == mutes_.end()) {
    mutes_.push_back(mute);
  } else {
    *at = mute;
  }
  changed_();
  co_return std::nullopt;
}

Awaitable<std::variant<Mute, StoreError>> MuteBook::add(Mute mute) {
  mute.id = fmt::format("{:08x}", static_cast<std::uint32_t>(ports_.entropy.next() >> 32));
  if (auto error = co_await put(mute)) co_return std::move(*error);
  co_return mute;
}

Awaitable<std::variant<std::optional<Mute>, StoreError>> MuteBook::end(std::string id) {
  const Wall now = ports_.clock.now().wall;
  const auto is_it = [&](const Mute& one) { return one.id == id && one.until > now; };
  const auto found = std::find_if(mutes_.begin(), mutes_.end(), is_it);
  if (found == mutes_.end()) co_return std::nullopt;
  Mute ended = *found;
  ended.until = now;
  if (auto error = co_await put(ended)) co_return std::move(*error);
  co_return ended;
}

std::vector<Mute> MuteBook::active() const {
  const Wall now = ports_.clock.now().wall;
  std::vector<Mute> active;
  for (const Mute& one : mutes_) {
    if (one.until > now) active.push_back(one);
  }
  return active;
}

std::optional<Wall> MuteBook::next_end() const {
  std::optional<Wall> next;
  for (const Mute& one : active()) {
    if (!next || one.until < *next) next = one.until;
  }
  return next;
}

}  // namespace taskwatchd
