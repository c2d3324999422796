#include "server/large_answers.h"

#include <boost/asio/this_coro.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "server/web_text.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kWaiting = 40;  // as many as --web.max-requests by default
constexpr std::size_t kBytesAtOnce = 64 * 1024;

// A text whose size counts in `held` until it was sent.
class HeldText : public WebParts {
 public:
  HeldText(std::string text, std::shared_ptr<std::size_t> held)
      : text_(std::move(text)), held_(std::move(held)) {
    *held_ += text_.size();
  }
  ~HeldText() override { *held_ -= text_.size(); }
  HeldText(const HeldText&) = delete;
  HeldText& operator=(const HeldText&) = delete;

  std::size_t bytes() const override { return text_.size(); }
  std::string_view next() override {
    const std::string_view part = std::string_view(text_).substr(at_, kBytesAtOnce);
    at_ += part.size();
    return part;
  }

 private:
  std::string text_;
  std::shared_ptr<std::size_t> held_;
  std::size_t at_ = 0;
};

WebResponse written(const ApiReply& reply, const ContentNegotiation& negotiated) {
  ApiReply made;  // not a copy of `reply`: make_data holds much
  made.status = reply.status;
  made.content_type = reply.content_type;
  made.data = reply.make_data();
  return api_response(made, negotiated);
}

}  // namespace

bool LargeAnswers::start(const boost::asio::any_io_executor& executor) {
  if (thread_) return true;
  try {
    thread_ = std::make_unique<CallThread>(executor, kWaiting);
  } catch (const std::system_error&) {
    // The system's thread limit.
  }
  return thread_ != nullptr;
}

boost::asio::awaitable<WebResponse> LargeAnswers::write(ApiReply reply,
                                                        ContentNegotiation negotiated) {
  const auto executor = co_await boost::asio::this_coro::executor;
  std::optional<WebResponse> response;
  if (*held_ < held_limit_ && start(executor)) {
    auto work = [reply = std::move(reply), negotiated] { return written(reply, negotiated); };
    response = co_await thread_->call(std::move(work));
  }
  // Others were written meanwhile.
  if (!response || (*held_ >= held_limit_ && !response->body.empty())) {
    WebResponse again = api_response(
        {503, {}, "unavailable", "too many large answers are being sent; try again"}, negotiated);
    again.headers.emplace_back("Retry-After", "1");
    co_return again;
  }
  if (!response->body.empty()) {
    response->parts = std::make_shared<HeldText>(std::move(response->body), held_);
    response->body.clear();
  }
  co_return std::move(*response);
}

}  // namespace taskwatchd
