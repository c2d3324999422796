#include "server/web_text.h"

#include "core/events/json.h"

namespace taskwatchd {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    if (text.size() - at < 3) return std::nullopt;
    const int high = digit_of(text[at + 1]);
    const int low = digit_of(text[at + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return out;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte / 16];
      out += kDigits[byte % 16];
    }
  }
  return out;
}

std::optional<std::vector<std::pair<std::string, std::string>>> query_parameters(
    std::string_view target, std::size_t limit) {
  std::vector<std::pair<std::string, std::string>> query;
  const std::size_t question = target.find('?');
  if (question == std::string_view::npos) return query;
  std::string_view rest = target.substr(question + 1);
  while (!rest.empty() && query.size() < limit) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    if (pair.empty()) continue;  // "&a=1&&b=2" is "a=1&b=2" for browsers and libraries
    const std::size_t equals = pair.find('=');
    auto name = percent_decoded(pair.substr(0, equals));
    auto value = percent_decoded(equals == std::string_view::npos ? "" : pair.substr(equals + 1));
    if (!name || !value) return std::nullopt;
    query.emplace_back(*std::move(name), *std::move(value));
  }
  return query;
}

WebResponse api_response(const ApiReply& reply) {
  WebResponse response;
  response.status = reply.status;
  response.content_type = "application/json";
  if (!reply.content_type.empty()) {
    response.content_type = reply.content_type;
    response.body = reply.data;
    response.stream = reply.stream;
    // Otherwise nginx buffers events before it forwards them.
    if (reply.stream) response.headers.emplace_back("X-Accel-Buffering", "no");
  } else if (reply.error_type.empty()) {
    JsonObject json;
    json.add("status", "success").add_json("data", reply.data);
    response.body = json.text() + '\n';
  } else {
    JsonObject json;
    json.add("status", "error").add("errorType", reply.error_type).add("error", reply.error);
    json.add_if("holder", reply.holder).add_if("holder_url", reply.holder_url);
    response.body = json.text() + '\n';
  }
  return response;
}

WebResponse api_response(const ApiReply& reply, const ContentNegotiation& negotiated) {
  WebResponse response = api_response(reply);
  spare(response, negotiated);
  pack(response, negotiated);
  return response;
}

}  // namespace taskwatchd
