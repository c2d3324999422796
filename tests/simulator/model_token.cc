#include "simulator/model_token.h"

#include <openssl/evp.h>

#include <array>
#include <charconv>
#include <vector>

#include "simulator/model_random.h"
#include "simulator/model_text.h"

namespace iotsim {
namespace {

constexpr std::size_t kMaxToken = 4096;  // bytes
constexpr char kSeparator = '\n';

std::string seal(std::string_view text) {
  return base62(mix(hash_text(text), 0x70c), 8);
}

template <typename Number>
bool read_number(std::string_view text, Number& place) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), place);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string write_token(const PageToken& token) {
  std::string text;
  const auto add = [&text](const std::string& field) { (text += field) += kSeparator; };
  add(std::to_string(token.issued_us));
  add(token.is_offset ? "1" : "0");
  add(std::to_string(static_cast<int>(token.order)));
  add(std::to_string(token.offset));
  add(std::to_string(token.key.modified_ms));
  add(token.key.task_id);
  add(token.list);
  text += seal(text);
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int n = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                reinterpret_cast<const unsigned char*>(text.data()),
                                static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(n));
  return out;
}

std::optional<PageToken> read_token(std::string_view text) {
  if (text.empty() || text.size() > kMaxToken || text.size() % 4 != 0) return std::nullopt;
  std::string plain(text.size(), '\0');
  const int n = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(plain.data()),
                                reinterpret_cast<const unsigned char*>(text.data()),
                                static_cast<int>(text.size()));
  if (n < 0) return std::nullopt;
  // Padding is decoded as zeros.
  plain.resize(static_cast<std::size_t>(n));
  while (!plain.empty() && plain.back() == '\0') plain.pop_back();
  const std::size_t end = plain.rfind(kSeparator);
  if (end == std::string::npos) return std::nullopt;
  const std::string_view body = std::string_view(plain).substr(0, end + 1);
  if (plain.substr(end + 1) != seal(body)) return std::nullopt;
  std::array<std::string_view, 7> fields;
  std::size_t from = 0;
  for (std::string_view& field : fields) {
    const std::size_t to = body.find(kSeparator, from);
    if (to == std::string_view::npos) return std::nullopt;
    field = body.substr(from, to - from);
    from = to + 1;
  }
  PageToken token;
  int order = 0;
  if (!read_number(fields[0], token.issued_us) || !read_number(fields[2], order) ||
      !read_number(fields[3], token.offset) || !read_number(fields[4], token.key.modified_ms) ||
      order < 0 || order > static_cast<int>(ListOrder::kOldest)) {
    return std::nullopt;
  }
  token.is_offset = fields[1] == "1";
  token.order = static_cast<ListOrder>(order);
  token.key.task_id = fields[5];
  token.list = fields[6];
  return token;
}

}  // namespace iotsim
