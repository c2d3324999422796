#include "simulator/model_links.h"

#include <algorithm>
#include <charconv>

#include "simulator/model_result_file.h"
#include "simulator/model_text.h"

namespace iotsim {
namespace {

constexpr const char* kKeyId = "LTAI5tIotSimFiles";
constexpr const char* kSecret = "of the storage, not of an account";
constexpr const char* kBucket = "/iotx-sim";
constexpr std::size_t kEndlessPart = 64U << 10U;  // bytes, sent repeatedly

std::string sign(const std::string& expires, const std::string& path) {
  // v1_sign appends an & to the secret. This does not matter, because fetches are checked the same
  // way.
  return v1_sign("GET\n\n\n" + expires + '\n' + kBucket + path, kSecret);
}

Response refused(int status, const std::string& code, const std::string& message,
                 const std::string& host) {
  Response response;
  response.status = status;
  response.headers = {{"content-type", "application/xml"}, {"server", "AliyunOSS"}};
  response.body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n  <Code>" + code +
                  "</Code>\n  <Message>" + message + "</Message>\n  <HostId>" + host +
                  "</HostId>\n</Error>\n";
  return response;
}

// Applies the switch `result_file` to a successful response.
void spoil(const Switches& switches, Response& response) {
  const std::string& how = switches.result_file;
  if (how == "redirect") {
    response.status = 302;
    response.headers.emplace_back("location", "http://169.254.169.254/latest/meta-data/");
    response.body.clear();
  } else if (how == "huge") {
    while (response.body.size() < kEndlessPart) response.body += "a1SimProduct,device,200,ok\r\n";
    response.delivery = Delivery::kEndless;
  } else if (how == "slow") {
    response.delivery = Delivery::kDripped;
  } else if (how == "cut") {
    response.delivery = switches.cut_kind == "bare" ? Delivery::kCutBare : Delivery::kCutLength;
  } else if (how == "html") {
    response.headers = {{"content-type", "text/html"}};
    response.body = "<!DOCTYPE html><html><head><title>Sign in</title></head><body></body></html>";
  }
}

}  // namespace

std::string ResultLinks::issue(std::size_t distribution, std::int64_t expires_ms) {
  ++count_;
  const std::string path = std::string(kPathPrefix) + base62(mix(distribution, 77), 6) + "/7u" +
                           base62(mix(count_, 78), 12);
  const std::string expires = std::to_string(expires_ms / 1000);
  links_.push_back({path, distribution, false});
  if (links_.size() > kMaxLinks) links_.pop_front();
  return path + "?Expires=" + expires + "&OSSAccessKeyId=" + kKeyId +
         "&Signature=" + url_encode(sign(expires, path));
}

std::size_t ResultLinks::issued(std::size_t distribution) const {
  return static_cast<std::size_t>(std::count_if(
      links_.begin(), links_.end(), [&](const Link& l) { return l.distribution == distribution; }));
}

Response ResultLinks::fetch(const Request& request, World& world, const Switches& switches,
                            Now now) {
  const std::string host = request.header("host").value_or("");
  const std::string path = request.target.substr(0, request.target.find('?'));
  const auto link = std::find_if(links_.begin(), links_.end(),
                                 [&](const Link& known) { return known.path == path; });
  if (link == links_.end()) {
    return refused(404, "NoSuchKey", "The specified key does not exist.", host);
  }
  Distribution& distribution = world.distributions()[link->distribution];
  const auto deny = [&](const std::string& code, const std::string& message) {
    ++distribution.refused;
    return refused(403, code, message, host);
  };
  if (request.method != "GET") return deny("AccessDenied", "This link is for GET.");
  const std::size_t mark = request.target.find('?');
  const auto query = parse_form(mark == std::string::npos ? "" : request.target.substr(mark + 1));
  std::string expires, key_id, signature;
  for (const auto& [name, value] : query.value_or(Pairs{})) {
    if (name == "Expires") expires = value;
    if (name == "OSSAccessKeyId") key_id = value;
    if (name == "Signature") signature = value;
  }
  std::int64_t expires_s = 0;
  std::from_chars(expires.data(), expires.data() + expires.size(), expires_s);
  if (now.wall_ms >= expires_s * 1000) return deny("AccessDenied", "Request has expired.");
  if (key_id != kKeyId || !equal_in_constant_time(sign(expires, path), signature)) {
    return deny("SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided.");
  }
  if (switches.link_once && link->is_used) return deny("AccessDenied", "Request has expired.");
  link->is_used = true;
  ++distribution.fetched;
  Response response;
  response.headers = {{"content-type", "application/octet-stream"}, {"server", "AliyunOSS"}};
  const std::string& format =
      switches.result_format == "scenario" ? distribution.spec.format : switches.result_format;
  response.body = write_result_file(result_rows(distribution, world.seed()), format);
  spoil(switches, response);
  return response;
}

}  // namespace iotsim
