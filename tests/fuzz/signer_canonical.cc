// The canonical query decodes to the input parameters, sorted. Input: texts separated by NULs.
#include <algorithm>

#include "cloud/signer.h"
#include "fuzz_input.h"

using namespace taskwatchd;

namespace {

// Independent of percent_encode, and strict: only upper-case hex, no other unreserved characters.
std::string decode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      require(std::isalnum(static_cast<unsigned char>(text[i])) != 0 ||
              std::string_view("-_.~").find(text[i]) != std::string_view::npos);
      out += text[i];
      continue;
    }
    require(i + 2 < text.size());
    const std::size_t high = kDigits.find(text[i + 1]), low = kDigits.find(text[i + 2]);
    require(high != std::string_view::npos && low != std::string_view::npos);
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = text_of(data, size);
  Parameters parameters;
  while (!rest.empty()) {
    const std::string name(take_part(rest));
    parameters.emplace_back(name, std::string(take_part(rest)));
  }
  const std::string query = canonical_query(parameters);
  Parameters decoded;
  std::string_view left = query;
  while (!left.empty()) {
    const std::string_view pair = left.substr(0, left.find('&'));
    left.remove_prefix(std::min(left.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    require(equals != std::string_view::npos);
    decoded.emplace_back(decode(pair.substr(0, equals)), decode(pair.substr(equals + 1)));
  }
  std::sort(parameters.begin(), parameters.end());
  require(decoded == parameters);
  // Each step of the signature must accept any input.
  require(v1_signature(v1_string_to_sign("POST", parameters), Secret("s")).size() == 28);
  return 0;
}
