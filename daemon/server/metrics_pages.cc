#include "server/metrics_pages.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <new>
#include <utility>

#include "ports.h"

namespace taskwatchd {
namespace {

constexpr std::chrono::milliseconds kStopTime{500};

}  // namespace

// One output being written, and the clients that wait for it.
struct MetricsPages::Making {
  Making(MetricsPages* owner, OutputForm what, Mono when)
      : pages(owner),
        form(what),
        taken(when),
        done(owner->executor_, boost::asio::steady_timer::time_point::max()) {}

  MetricsPages* pages;  // null: destroyed
  OutputForm form;
  Mono taken;
  bool finished = false;
  Output output;  // null after it is finished: memory was exhausted
  boost::asio::steady_timer done;
};

MetricsPages::MetricsPages(const boost::asio::any_io_executor& executor, TakePicture take_picture,
                           std::function<Mono()> now, PageLimits limits)
    : executor_(executor),
      take_picture_(std::move(take_picture)),
      now_(std::move(now)),
      limits_(limits),
      mailbox_(std::make_shared<Mailbox>(executor)),
      queue_(limits.waiting, {.hurry = [] {}, .end = [] {}}) {}

MetricsPages::~MetricsPages() {
  queue_.stop(kStopTime);
  mailbox_->shut();
  for (const auto& one : making_) one->pages = nullptr;  // a result may be posted already
}

boost::asio::awaitable<std::shared_ptr<WebParts>> MetricsPages::page(OutputForm form) {
  drop_old();
  if (Output ready = find(form)) co_return MetricsOutput::body(std::move(ready));
  std::shared_ptr<Making> making = join(form);
  if (!making && has_room(form)) making = begin(form);
  if (!making) co_return nullptr;
  boost::system::error_code ignored;
  auto token = boost::asio::redirect_error(boost::asio::use_awaitable, ignored);
  if (!making->finished) co_await making->done.async_wait(token);
  if (!making->output) co_return nullptr;
  co_return MetricsOutput::body(making->output);
}

void MetricsPages::drop_old() {
  const Mono now = now_();
  std::erase_if(shared_, [&](const Shared& one) { return now - one.taken > limits_.fresh; });
}

MetricsPages::Output MetricsPages::find(OutputForm form) const {
  const auto found = std::find_if(shared_.begin(), shared_.end(),
                                  [&](const Shared& one) { return one.output->form() == form; });
  return found == shared_.end() ? nullptr : found->output;
}

// A large output that is being written is worth waiting for, unless it will be too old.
std::shared_ptr<MetricsPages::Making> MetricsPages::join(OutputForm form) const {
  if (last_[index(form)].text_bytes < limits_.shared_bytes) return nullptr;
  const auto found = std::find_if(making_.begin(), making_.end(), [&](const auto& one) {
    return one->form == form && now_() - one->taken <= limits_.fresh;
  });
  return found == making_.end() ? nullptr : *found;
}

bool MetricsPages::has_room(OutputForm form) const {
  const std::size_t expected = last_[index(form)].held_bytes;
  const std::size_t all = *held_ + expected * making_.size();
  return all == 0 || all + expected <= limits_.held_bytes;
}

std::shared_ptr<MetricsPages::Making> MetricsPages::begin(OutputForm form) {
  auto making = std::make_shared<Making>(this, form, now_());
  // Independent of the client, which may close its connection: others may wait for it too.
  spawn(executor_, make(making));
  if (!making->finished) making_.push_back(making);
  return making;
}

boost::asio::awaitable<void> MetricsPages::make(std::shared_ptr<Making> making) {
  if (making->pages == nullptr) co_return;
  bool accepted = false;
  try {
    Picture picture = co_await making->pages->take_picture_();
    if (making->pages == nullptr) co_return;
    accepted = making->pages->write(making, std::move(picture));
  } catch (const std::bad_alloc&) {
    // The clients are asked to try again.
  }
  if (!accepted && making->pages != nullptr) making->pages->finish(*making);
}

bool MetricsPages::write(const std::shared_ptr<Making>& making, Picture picture) {
  struct Work {
    Picture picture;
    std::unique_ptr<const MetricsOutput> output;
  };
  const auto work = std::make_shared<Work>(std::move(picture), nullptr);
  const std::weak_ptr<Making> waiting = making;
  const auto finish_it = [waiting, work] {
    const std::shared_ptr<Making> found = waiting.lock();
    if (!found || found->pages == nullptr) return;
    if (work->output) {
      // Counted until the last client has received it.
      const std::size_t bytes = work->output->held_bytes();
      *found->pages->held_ += bytes;
      found->output = Output(work->output.release(),
                             [held = found->pages->held_, bytes](const MetricsOutput* output) {
                               *held -= bytes;
                               delete output;
                             });
    }
    found->pages->finish(*found);
  };
  return queue_.submit([work, form = making->form, plain_bytes = limits_.plain_bytes,
                        mailbox = mailbox_, finish_it](bool run) {
    try {
      if (run) {
        work->output = std::make_unique<const MetricsOutput>(*work->picture, form, plain_bytes);
      }
    } catch (const std::bad_alloc&) {
      // The client is asked to try again.
    }
    work->picture.reset();  // here, because it takes a while to free
    mailbox->post(finish_it);
  });
}

void MetricsPages::finish(Making& making) {
  making.finished = true;
  making.done.cancel();
  if (making.output) {
    const Last sizes{making.output->held_bytes(), making.output->text_bytes()};
    last_[index(making.form)] = sizes;
    if (sizes.text_bytes >= limits_.shared_bytes) shared_.push_back({making.output, making.taken});
  }
  std::erase_if(making_, [&](const auto& one) { return one.get() == &making; });
}

}  // namespace taskwatchd
