#include "cloud/result_text.h"

#include <iconv.h>

#include <algorithm>
#include <memory>

#include "core/utf8.h"

namespace taskwatchd {
namespace {

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = utf8_at(text, at).size;
    if (size == 0) return false;
    at += size;
  }
  return true;
}

// Tabs and line ends aside, a control says that this is no text.
bool is_plain(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') ||
           c == 0x7f;
  });
}

std::optional<std::string> converted(std::string_view bytes, const char* encoding) {
  const auto close = [](void* open) { ::iconv_close(open); };
  const iconv_t opened = ::iconv_open("UTF-8", encoding);
  if (opened == reinterpret_cast<iconv_t>(-1)) return std::nullopt;
  const std::unique_ptr<void, decltype(close)> converter(opened, close);
  // Two bytes of GBK or UTF-16 are three of UTF-8 at most.
  std::string out(bytes.size() / 2 * 3 + bytes.size() % 2 * 3 + bytes.size() / 2, '\0');
  char* in = const_cast<char*>(bytes.data());
  char* to = out.data();
  std::size_t in_left = bytes.size(), out_left = out.size();
  const std::size_t bad = ::iconv(converter.get(), &in, &in_left, &to, &out_left);
  if (bad != 0 || in_left != 0) return std::nullopt;
  out.resize(out.size() - out_left);
  return out;
}

}  // namespace

std::optional<std::string> result_text(std::string_view bytes) {
  std::optional<std::string> text;
  if (bytes.starts_with("\xef\xbb\xbf")) {
    text = std::string(bytes.substr(3));
    if (!is_utf8(*text)) return std::nullopt;
  } else if (bytes.starts_with("\xff\xfe")) {
    text = converted(bytes.substr(2), "UTF-16LE");
  } else if (bytes.starts_with("\xfe\xff")) {
    text = converted(bytes.substr(2), "UTF-16BE");
  } else if (is_utf8(bytes)) {
    text = std::string(bytes);
  } else {
    text = converted(bytes, "GBK");
  }
  if (!text || !is_plain(*text)) return std::nullopt;
  return text;
}

}  // namespace taskwatchd
