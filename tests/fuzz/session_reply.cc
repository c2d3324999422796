// Reads any bytes as a response with temporary credentials: credentials that can be put into a
// header, or a problem in printable text.
#include "cloud/session_reply.h"
#include "config/ids.h"
#include "fuzz_input.h"

using namespace taskwatchd;

namespace {

bool is_plain(const std::string& text) {
  for (const char c : text) {
    if (c <= ' ' || c >= 0x7F) return false;
  }
  return !text.empty();
}

void check(const SessionProblem& problem) {
  require(is_printable(problem.message) && problem.message.size() < 512);
}

void check(const SessionResult& result) {
  if (const auto* problem = std::get_if<SessionProblem>(&result)) return check(*problem);
  const Keys& keys = std::get<Session>(result).keys;
  require(is_plain(keys.access_key_id) && is_plain(keys.access_key_secret.reveal()) &&
          is_plain(keys.security_token.reveal()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const int status : {200, 400}) {
    const HttpReply reply{status, {}, std::string(text_of(data, size))};
    check(read_sts_reply(reply));
    check(read_metadata_session(reply));
    check(read_uri_session(reply));
    const WordResult role = read_metadata_role(reply);
    if (const auto* name = std::get_if<Secret>(&role)) {
      require(is_role_name(name->reveal()));
    } else {
      check(std::get<SessionProblem>(role));
    }
    const WordResult token = read_metadata_token(reply);
    if (const auto* word = std::get_if<Secret>(&token)) {
      require(is_plain(word->reveal()));
    } else {
      check(std::get<SessionProblem>(token));
    }
  }
  return 0;
}
