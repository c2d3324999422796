// Result files as a function: answers on the fake clock after a delay, or never.
// Threads: that of the io_context.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "ports.h"

namespace taskwatchd {

class FakeResults : public ResultFiles {
 public:
  using Result = std::variant<DistributionResult, ResultFailure>;
  std::function<Result(const ResultRequest&)> answer = [](const ResultRequest&) {
    return Result(ResultFailure{.expired = false, .message = "no file here"});
  };
  std::vector<ResultRequest> asked;

  Awaitable<Result> fetch(ResultRequest request) override {
    asked.push_back(request);
    co_return answer(request);
  }
};

}  // namespace taskwatchd
