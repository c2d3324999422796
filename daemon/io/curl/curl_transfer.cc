#include "io/curl/curl_transfer.h"

#include <algorithm>
#include <cctype>
#include <system_error>
#include <utility>

#include "core/types/trim.h"
#include "io/curl/curl_failure.h"

namespace taskwatchd {
namespace {

using Kind = TransportFailure::Kind;

constexpr std::string_view kMetadataHost = "100.100.100.200";

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return std::isalnum(c) != 0 || kMarks.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool is_value(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

char lower(unsigned char c) {
  return static_cast<char>(std::tolower(c));
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

// The ECS metadata service has no TLS; its address is served by the ECS instance's own host.
bool may_be_plain(const CurlTarget& target, const HttpRequest& request) {
  return target.loopback || (request.to_metadata_service && target.host == kMetadataHost &&
                             target.port == "80" && request.proxy.empty());
}

// Appends to a list; if memory is exhausted, the list stays unchanged.
template <typename List>
bool append(List& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return false;
  [[maybe_unused]] auto* same = list.release();
  list.reset(longer);
  return true;
}

}  // namespace

std::variant<CurlPlan, TransportFailure> plan(HttpRequest request) {
  const auto target = parse_target(request.url);
  if (!target) return TransportFailure{Kind::kProtocol, "the request's URL is not http or https"};
  const auto refuse = [&](const char* why) {
    return TransportFailure{Kind::kProtocol, target->where() + ": " + why};
  };
  if (target->scheme == "http" && !may_be_plain(*target, request)) {
    return refuse("plain http is for loopback addresses only; use https");
  }
  const bool has_body = request.method == "POST";
  if (!has_body && request.method != "GET" && request.method != "PUT" &&
      request.method != "DELETE") {
    return refuse("method not supported");
  }
  if (!has_body && !request.body.empty()) return refuse("only POST is sent with a body");
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name) || !is_value(value)) return refuse("a header has a forbidden character");
  }
  if (!is_value(request.ca_file)) return refuse("the CA file's name has a forbidden character");
  CurlPlan plan{std::move(request), *target, std::nullopt};
  if (!plan.request.proxy.empty()) {
    plan.proxy = parse_proxy(plan.request.proxy);
    if (!plan.proxy) return refuse("the proxy is not an http or https URL");
  }
  return plan;
}

CurlTransfer::CurlTransfer(const boost::asio::any_io_executor& executor, CurlPlan plan,
                           std::function<bool()> departed)
    : plan_(std::move(plan)),
      departed_(std::move(departed)),
      easy_(curl_easy_init()),
      ended_(executor, boost::asio::steady_timer::time_point::max()) {}

template <typename Value>
void CurlTransfer::set(CURLoption option, Value value) {
  refused_ = curl_easy_setopt(easy_.get(), option, value) != CURLE_OK || refused_;
}

bool CurlTransfer::prepare(const CurlOptions& options, const std::vector<std::string>& addresses,
                           Duration time) {
  if (!easy_) return false;
  const HttpRequest& request = plan_.request;
  set(CURLOPT_URL, request.url.c_str());
  if (request.method == "POST") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.data());
  } else if (request.method == "PUT") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_CUSTOMREQUEST, "PUT");
    set(CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t{0});
    set(CURLOPT_POSTFIELDS, "");
  } else {
    set(CURLOPT_HTTPGET, 1L);
    if (request.method == "DELETE") set(CURLOPT_CUSTOMREQUEST, "DELETE");
  }
  set_headers();
  set_addresses(addresses);
  // An empty text means no proxy; without it the environment would decide.
  set(CURLOPT_PROXY, request.proxy.c_str());
  set(CURLOPT_NOPROXY, "");
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_PROTOCOLS_STR, may_be_plain(plan_.target, request) ? "https,http" : "https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_MAXREDIRS, 0L);
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_HTTP09_ALLOWED, 0L);
  // No decompression: a small response cannot become a large one.
  set(CURLOPT_ACCEPT_ENCODING, static_cast<char*>(nullptr));
  set_tls();
  set_limits(options, time);
  set(CURLOPT_PREREQFUNCTION, &CurlTransfer::on_request);
  set(CURLOPT_PREREQDATA, this);
  set(CURLOPT_ERRORBUFFER, error_);
  set(CURLOPT_PRIVATE, this);
  return !refused_;
}

void CurlTransfer::set_headers() {
  bool ok = true;
  // Headers that libcurl would add by default; no signature covers them.
  for (const char* name : {"Accept", "Content-Type", "Expect", "User-Agent"}) {
    const bool given = std::any_of(
        plan_.request.headers.begin(), plan_.request.headers.end(),
        [&](const auto& header) { return lower_case(header.first) == lower_case(name); });
    if (!given) ok = append(headers_, std::string(name) + ":") && ok;
  }
  for (const auto& [name, value] : plan_.request.headers) {
    // "Name:" would remove the header; "Name;" sends it empty.
    ok = append(headers_, trim(value).empty() ? name + ";" : name + ": " + value) && ok;
  }
  refused_ = !ok || refused_;
  set(CURLOPT_HTTPHEADER, headers_.get());
  // None of the headers go to a proxy
  set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
}

void CurlTransfer::set_addresses(const std::vector<std::string>& addresses) {
  if (addresses.empty()) return;
  std::string line = plan_.connect_to().host + ":" + plan_.connect_to().port + ":";
  for (const std::string& address : addresses) {
    if (line.back() != ':') line += ',';
    line += address.find(':') == std::string::npos ? address : "[" + address + "]";
  }
  refused_ = !append(resolve_, line) || refused_;
  set(CURLOPT_RESOLVE, resolve_.get());
}

void CurlTransfer::set_tls() {
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
  set(CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
  set(CURLOPT_PROXY_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (plan_.request.ca_file.empty()) return;
  // Replaces the system's CAs instead of adding to them.
  set(CURLOPT_CAINFO, plan_.request.ca_file.c_str());
  set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
}

void CurlTransfer::set_limits(const CurlOptions& options, Duration time) {
  const auto milliseconds = [](Duration d) {
    // 0 would mean no limit.
    return std::max(1L, static_cast<long>(d.count() / 1000));
  };
  set(CURLOPT_TIMEOUT_MS, milliseconds(time));
  set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(std::min(time, options.connect_timeout)));
  set(CURLOPT_LOW_SPEED_LIMIT, options.low_speed_bytes);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.low_speed_time.count()));
  set(CURLOPT_MAXAGE_CONN, static_cast<long>(options.connection_idle.count()));
  set(CURLOPT_MAXLIFETIME_CONN, static_cast<long>(options.connection_lifetime.count()));
  set(CURLOPT_CA_CACHE_TIMEOUT, static_cast<long>(options.ca_lifetime.count()));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_NOPROGRESS, 1L);
  body_limit_ = std::min(options.body_bytes, plan_.request.body_limit.value_or(options.body_bytes));
  header_room_ = options.header_bytes;
  set(CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
  set(CURLOPT_HEADERDATA, this);
}

int CurlTransfer::on_request(void* self, char*, char*, int, int) noexcept {
  // libcurl resends a request by itself when a reused connection closes without a response. The
  // platform may have counted the call, and its nonce is used: the caller must decide about a
  // retry.
  auto& me = *static_cast<CurlTransfer*>(self);
  if (++me.requests_ > 1) return CURL_PREREQFUNC_ABORT;
  if (me.departed_ && !me.departed_()) return CURL_PREREQFUNC_ABORT;
  return CURL_PREREQFUNC_OK;
}

std::size_t CurlTransfer::on_body(char* data, std::size_t size, std::size_t count,
                                  void* self) noexcept {
  auto& me = *static_cast<CurlTransfer*>(self);
  const std::size_t bytes = size * count;
  if (bytes > me.body_limit_ - me.reply_.body.size()) {
    me.too_large_ = true;
    return CURL_WRITEFUNC_ERROR;
  }
  me.reply_.body.append(data, bytes);
  return bytes;
}

std::size_t CurlTransfer::on_header(char* data, std::size_t size, std::size_t count,
                                    void* self) noexcept {
  auto& me = *static_cast<CurlTransfer*>(self);
  const std::size_t bytes = size * count;
  if (bytes > me.header_room_) {
    me.too_large_ = true;
    return CURL_WRITEFUNC_ERROR;
  }
  me.header_room_ -= bytes;
  me.take_header({data, bytes});
  return bytes;
}

void CurlTransfer::take_header(std::string_view line) {
  // Each response begins with its status line: those before it were interim ones (100, 103).
  if (line.starts_with("HTTP/")) return reply_.headers.clear();
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  reply_.headers.emplace_back(lower_case(line.substr(0, colon)), trim(line.substr(colon + 1)));
}

void CurlTransfer::finish(CURLcode code) {
  result_ = read_result(code);
  ended_.cancel();
}

void CurlTransfer::finish(TransportFailure failure) {
  failure.message = plan_.target.where() + ": " + failure.message;
  result_ = std::move(failure);
  ended_.cancel();
}

HttpResult CurlTransfer::read_result(CURLcode code) {
  if (code == CURLE_OK) {
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    reply_.status = static_cast<int>(status);
    return std::move(reply_);
  }
  CurlFailure failure;
  failure.code = code;
  failure.where = plan_.target.where();
  if (plan_.proxy) failure.via = plan_.proxy->where();
  failure.detail = error_;
  failure.ca_file = plan_.request.ca_file;
  failure.too_large = too_large_;
  long os_error = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &os_error);
  if (os_error != 0) {
    failure.os_error = std::generic_category().message(static_cast<int>(os_error));
  }
  curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_CONNECTCODE, &failure.proxy_status);
  curl_off_t connect_time = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_CONNECT_TIME_T, &connect_time);
  // A reused connection has no connect time.
  curl_off_t sent = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_PRETRANSFER_TIME_T, &sent);
  failure.connected = connect_time > 0 || sent > 0 || requests_ > 0;
  return describe(failure);
}

}  // namespace taskwatchd
