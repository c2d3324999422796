#include "cloud/result_text.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>

#include "core/types/utf8.h"

namespace taskwatchd {
namespace {

constexpr const char* kNoText = "neither compressed nor readable text";
constexpr const char* kTooLarge = "its text is larger than the limit for files";
constexpr std::size_t kConvertedBytes = 64U << 10U;  // bytes converted at a time

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = utf8_at(text, at).size;
    if (size == 0) return false;
    at += size;
  }
  return true;
}

void append(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

// Converted by our own code: a host may lack the iconv modules of all other charsets.
std::optional<std::string> from_utf16(std::string_view bytes, bool is_little, std::size_t limit,
                                      std::string& out) {
  if (bytes.size() % 2 != 0) return kNoText;
  const auto unit = [&](std::size_t at) {
    const auto first = static_cast<unsigned char>(bytes[at]);
    const auto second = static_cast<unsigned char>(bytes[at + 1]);
    return static_cast<std::uint32_t>(is_little ? first | second << 8 : first << 8 | second);
  };
  out.reserve(std::min(limit, bytes.size() / 2 * 3));
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    std::uint32_t code = unit(at);
    if (code >= 0xd800 && code < 0xe000) {
      const std::uint32_t low = at + 2 < bytes.size() ? unit(at + 2) : 0;
      if (code >= 0xdc00 || low < 0xdc00 || low >= 0xe000) return kNoText;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      at += 2;
    }
    // Checked before the string exceeds its reserved size, which would double it.
    if (out.size() + 4 > limit) return kTooLarge;
    append(out, code);
  }
  return std::nullopt;
}

std::optional<std::string> convert(std::string_view bytes, const char* charset, std::size_t limit,
                                   std::string& out) {
  const auto close = [](void* open) { ::iconv_close(open); };
  const iconv_t opened = ::iconv_open("UTF-8", charset);
  if (opened == reinterpret_cast<iconv_t>(-1)) {
    return std::string("it is not UTF-8, and the converter for ") + charset +
           " (GBK) is missing on this host: it comes with the package libc6, with "
           "libc-gconv-modules-extra from Debian 13 on, with glibc-gconv-extra on Fedora";
  }
  const std::unique_ptr<void, decltype(close)> converter(opened, close);
  out.reserve(std::min(limit, bytes.size() / 2 * 3));
  char* in = const_cast<char*>(bytes.data());
  std::size_t in_left = bytes.size();
  std::array<char, kConvertedBytes> part;
  while (in_left > 0) {
    char* to = part.data();
    std::size_t out_left = part.size();
    const std::size_t odd = ::iconv(converter.get(), &in, &in_left, &to, &out_left);
    const bool is_full = odd == static_cast<std::size_t>(-1) && errno == E2BIG;
    if (odd != 0 && !is_full) return kNoText;
    const std::size_t made = part.size() - out_left;
    if (made > limit - out.size()) return kTooLarge;
    out.append(part.data(), made);
  }
  return std::nullopt;
}

}  // namespace

std::variant<std::string_view, TextProblem> result_text(std::string_view bytes, std::size_t limit,
                                                        std::string& converted,
                                                        const char* fallback) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  converted.clear();
  std::optional<std::string> problem;
  std::string_view text;
  if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff")) {
    problem = from_utf16(bytes.substr(2), bytes[0] == '\xff', limit, converted);
    text = converted;
  } else if (is_utf8(bytes)) {
    text = bytes;
  } else if (bytes.starts_with(kMark)) {
    problem = kNoText;  // the byte order mark declares UTF-8
  } else {
    problem = convert(bytes, fallback, limit, converted);
    text = converted;
  }
  if (problem) return TextProblem{*problem};
  if (text.find('\0') != std::string_view::npos) return TextProblem{kNoText};
  while (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  return text;
}

}  // namespace taskwatchd
