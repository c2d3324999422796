// Reads any bytes as the body of any HTTP status: never a task, always a printable message and a
// bounded wait. Input: two bytes of status, a header value up to a NUL, the body.
#include "cloud/reply.h"
#include "fuzz_input.h"

using namespace taskwatchd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  HttpReply reply;
  reply.status = 300 + (data[0] * 256 + data[1]) % 300;
  std::string_view rest = text_of(data + 2, size - 2);
  const std::string header(take_part(rest));
  reply.headers = {{"x-acs-retry-after", header}, {"x-ratelimit-user", header}, {"date", header}};
  reply.body = std::string(rest);
  const Outcome outcome = read_query_task(reply);
  const auto* failure = std::get_if<Failure>(&outcome);
  require(failure != nullptr);
  require(failure->message.size() <= 256 && is_printable(failure->message));
  require(is_printable(failure->code) && is_printable(failure->request_id));
  require(!failure->retry_after || (*failure->retry_after > Duration::zero() &&
                                    *failure->retry_after <= std::chrono::minutes(5)));
  require(!failure->maybe_not_found || failure->reason == Reason::kBadRequest);
  (void)server_date(reply);
  return 0;
}
