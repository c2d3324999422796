// Result files as a function, on the fake clock: takes a fetch request, waits, responds. The
// function may return any failure, with any delay. Threads: that of the io_context.
#pragma once

#include <functional>
#include <utility>
#include <variant>
#include <vector>

#include "ports.h"

namespace taskwatchd {

class FakeResultFiles : public ResultFiles {
 public:
  using Answer =
      std::function<std::variant<DistributionResult, ResultFailure>(const ResultRequest&)>;
  struct Asked {
    Mono at;
    ResultRequest request;
  };

  // The clock must outlive this.
  FakeResultFiles(Clock& clock, Answer answer) : clock_(clock), answer_(std::move(answer)) {}

  void set_answer(Answer answer) { answer_ = std::move(answer); }
  // Sets the time from request to response. Default: none.
  void set_delay(Duration delay) { delay_ = delay; }
  const std::vector<Asked>& asked() const { return asked_; }

  Awaitable<std::variant<DistributionResult, ResultFailure>> fetch(ResultRequest request) override {
    asked_.push_back({clock_.now().mono, request});
    const auto alarm = clock_.make_alarm();
    co_await alarm->wait_until(clock_.now().mono + delay_);
    co_return answer_(request);
  }

 private:
  Clock& clock_;
  Answer answer_;
  Duration delay_{0};
  std::vector<Asked> asked_;
};

// For simulations without distributions.
inline std::variant<DistributionResult, ResultFailure> no_file(const ResultRequest&) {
  return ResultFailure{.expired = false, .message = "there is no file here"};
}

// A file that was read: `ok` successful devices, and these failed ones.
inline DistributionResult understood(std::uint32_t ok, std::vector<DeviceResult> failed = {}) {
  DistributionResult result;
  result.format = ResultFormat::kCsv;
  result.understood = true;
  result.ok = ok;
  result.failed = static_cast<std::uint32_t>(failed.size());
  if (ok > 0) result.codes["200"] = ok;
  for (const DeviceResult& device : failed) ++result.codes[device.code];
  result.failed_devices = std::move(failed);
  result.bytes = 100;
  return result;
}

}  // namespace taskwatchd
