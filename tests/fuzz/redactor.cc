// A canary after a credential's name or in a URL's query is removed, whatever text surrounds it.
// Input: a byte that selects the form, the text before up to a NUL, the text after.
#include <array>

#include "core/events/device_text.h"
#include "core/events/redact.h"
#include "fuzz_input.h"

using namespace taskwatchd;

namespace {
constexpr std::string_view kCanary = "qZ7CANARYx";
constexpr std::array<std::string_view, 16> kForms = {"https://h/p?k=",
                                                     "https://h?",
                                                     "HTTPS:\\/\\/h\\/p?k=",
                                                     "https://u:",
                                                     "Signature=",
                                                     "OSSAccessKeyId=",
                                                     "Expires:",
                                                     "security-token=",
                                                     "x-oss-signature=",
                                                     "X-Amz-Credential: ",
                                                     "\"SecurityToken\":\"",
                                                     "AccessKeySecret = '",
                                                     "AccessKeyId%3D",
                                                     "SignatureNonce%253D",
                                                     "Signature\\u003d",
                                                     "x-acs-security-token: "};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view form = kForms[data[0] % kForms.size()];
  std::string_view rest = text_of(data + 1, size - 1);
  std::string text(take_part(rest));
  // If the input itself contains the canary, the check proves nothing.
  if (text.find(kCanary) != std::string::npos || rest.find(kCanary) != std::string::npos) return 0;
  text += form;
  text += kCanary;
  if (form == "https://u:") text += "@h/p";
  text += rest;
  require(redact(text).find(kCanary) == std::string::npos);
  require(redact(repair_utf8(text)).find(kCanary) == std::string::npos);
  require(device_text(text).find(kCanary) == std::string::npos);
  return 0;
}
