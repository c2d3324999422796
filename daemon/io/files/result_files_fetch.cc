#include "io/files/result_files_fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include "core/types/ascii.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kErrorBytes = 4096;  // of an error response's body, for its code
constexpr std::size_t kCodeBytes = 64;
constexpr int kPollMs = 1000;
constexpr const char* kNotPublic = "the host has no public address; nothing was sent";

// Returns the <Code> of an OSS error response; empty for anything else.
std::string refusal_code(std::string_view body) {
  const std::size_t from = body.find("<Code>");
  if (from == std::string_view::npos) return {};
  const std::string_view rest = body.substr(from + 6, kCodeBytes);
  const std::string_view code = rest.substr(0, rest.find('<'));
  const bool is_word = std::all_of(code.begin(), code.end(), [](char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '.';
  });
  return is_word && code.size() < kCodeBytes ? std::string(code) : std::string();
}

// Returns true for a literal address that is not public: behind a proxy, no later check sees the
// address.
bool is_forbidden_literal(const FileUrl& where) {
  if (where.is_loopback) return false;
  in_addr v4{};
  if (inet_pton(AF_INET, where.host.c_str(), &v4) == 1) return !is_public(ntohl(v4.s_addr));
  if (!where.host.starts_with('[')) return false;
  std::array<std::uint8_t, 16> v6{};
  const std::string bare = where.host.substr(1, where.host.size() - 2);
  return inet_pton(AF_INET6, bare.c_str(), v6.data()) != 1 || !is_public(v6);
}

class Transfer {
 public:
  Transfer(const FileUrl& where, int file, const ResultFetchOptions& options)
      : where_(where), file_(file), options_(options), easy_(curl_easy_init(), curl_easy_cleanup) {}

  bool prepare(const std::string& url, const std::string& proxy);
  CURL* easy() { return easy_.get(); }
  std::optional<ResultFailure> outcome(CURLcode code) const;

 private:
  template <typename Value>
  void set(CURLoption option, Value value) {
    refused_ = curl_easy_setopt(easy_.get(), option, value) != CURLE_OK || refused_;
  }
  void set_limits();
  bool may_connect(const sockaddr& address) const;
  bool write_all(const char* data, std::size_t size);
  std::string words(CURLcode code) const;

  static curl_socket_t on_socket(void* self, curlsocktype purpose, curl_sockaddr* to) noexcept;
  static std::size_t on_body(char* data, std::size_t size, std::size_t n, void* self) noexcept;
  static std::size_t on_header(char* data, std::size_t size, std::size_t n, void* self) noexcept;

  const FileUrl& where_;
  int file_;
  const ResultFetchOptions& options_;
  std::unique_ptr<CURL, void (*)(CURL*)> easy_;
  bool has_proxy_ = false;
  bool refused_ = false;
  bool forbidden_ = false;  // the address is not public
  bool too_large_ = false;
  bool chunked_ = false;
  int disk_error_ = 0;
  std::size_t bytes_ = 0;
  std::size_t header_room_ = 0;
  std::string error_body_;
};

bool Transfer::prepare(const std::string& url, const std::string& proxy) {
  if (!easy_) return false;
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PATH_AS_IS, 1L);  // the signature covers the path unchanged
  set(CURLOPT_HTTPGET, 1L);
  set(CURLOPT_USERAGENT, static_cast<char*>(nullptr));
  has_proxy_ = !proxy.empty();
  // An empty text means no proxy; without it the environment would decide.
  set(CURLOPT_PROXY, proxy.c_str());
  set(CURLOPT_NOPROXY, "");
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_PROTOCOLS_STR, where_.is_loopback ? "https,http" : "https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_MAXREDIRS, 0L);
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_HTTP09_ALLOWED, 0L);
  // The reader decompresses, within its own limits.
  set(CURLOPT_ACCEPT_ENCODING, static_cast<char*>(nullptr));
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
  set(CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
  set(CURLOPT_PROXY_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options_.ca_file.empty()) {
    set(CURLOPT_CAINFO, options_.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
  set_limits();
  return !refused_;
}

void Transfer::set_limits() {
  // 0 would mean no limit.
  const auto milliseconds = [](Duration d) {
    return std::max(1L, static_cast<long>(d.count() / 1000));
  };
  set(CURLOPT_TIMEOUT_MS, milliseconds(options_.timeout));
  set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(options_.connect_timeout));
  set(CURLOPT_LOW_SPEED_LIMIT, options_.low_speed_bytes);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.low_speed_time.count()));
  set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(options_.file_bytes));
  set(CURLOPT_FRESH_CONNECT, 1L);
  set(CURLOPT_FORBID_REUSE, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // do not wait for a name server that does not respond
  set(CURLOPT_NOPROGRESS, 1L);
  header_room_ = options_.header_bytes;
  error_body_.reserve(kErrorBytes);  // no allocation while the body arrives
  set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_socket);
  set(CURLOPT_OPENSOCKETDATA, this);
  set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(CURLOPT_HEADERDATA, this);
}

bool Transfer::may_connect(const sockaddr& address) const {
  // The operator configured the proxy. It resolves the host, so the address is unknown here.
  if (has_proxy_) return true;
  if (address.sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    const std::uint32_t number = ntohl(v4.sin_addr.s_addr);
    return where_.is_loopback ? is_loopback(number) : is_public(number);
  }
  if (address.sa_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    std::array<std::uint8_t, 16> bytes;
    std::copy(std::begin(v6.sin6_addr.s6_addr), std::end(v6.sin6_addr.s6_addr), bytes.begin());
    return where_.is_loopback ? is_loopback(bytes) : is_public(bytes);
  }
  return false;
}

curl_socket_t Transfer::on_socket(void* self, curlsocktype, curl_sockaddr* to) noexcept {
  auto& me = *static_cast<Transfer*>(self);
  if (!me.may_connect(to->addr)) {
    me.forbidden_ = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

bool Transfer::write_all(const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t done = ::write(file_, data, size);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      disk_error_ = done < 0 ? errno : ENOSPC;
      return false;
    }
    data += done;
    size -= static_cast<std::size_t>(done);
  }
  return true;
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t n, void* self) noexcept {
  auto& me = *static_cast<Transfer*>(self);
  const std::size_t bytes = size * n;
  long status = 0;
  curl_easy_getinfo(me.easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  if (bytes > me.options_.file_bytes - me.bytes_) {
    me.too_large_ = true;
    return CURL_WRITEFUNC_ERROR;
  }
  me.bytes_ += bytes;
  if (status == 200) return me.write_all(data, bytes) ? bytes : CURL_WRITEFUNC_ERROR;
  me.error_body_.append(data, std::min(bytes, kErrorBytes - me.error_body_.size()));
  // Enough of the error response was received; the rest is not needed.
  return me.error_body_.size() < kErrorBytes ? bytes : CURL_WRITEFUNC_ERROR;
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t n, void* self) noexcept {
  auto& me = *static_cast<Transfer*>(self);
  const std::size_t bytes = size * n;
  if (bytes > me.header_room_) {
    me.too_large_ = true;
    return CURL_WRITEFUNC_ERROR;
  }
  me.header_room_ -= bytes;
  // No allocation here: an exception must not propagate into libcurl.
  constexpr std::string_view kName = "transfer-encoding:", kValue = "chunked";
  const std::string_view line(data, bytes);
  bool is_chunked = false;
  for (std::size_t at = kName.size(); at + kValue.size() <= line.size(); ++at) {
    is_chunked = is_chunked || is_word(line.substr(at, kValue.size()), kValue);
  }
  me.chunked_ = me.chunked_ || (is_chunked && is_word(line.substr(0, kName.size()), kName));
  return bytes;
}

std::string Transfer::words(CURLcode code) const {
  if (disk_error_ != 0) {
    return "cannot save the file: " + std::generic_category().message(disk_error_);
  }
  if (too_large_ || code == CURLE_FILESIZE_EXCEEDED) {
    return "the file is larger than " + std::to_string(options_.file_bytes) + " bytes";
  }
  long proxy_status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_CONNECTCODE, &proxy_status);
  if (proxy_status >= 300) {
    return "the proxy refused to connect: HTTP " + std::to_string(proxy_status);
  }
  if (forbidden_) return kNotPublic;
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return "the file was not received in time";
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "the host name has no address";
    case CURLE_COULDNT_CONNECT:
      return "cannot connect";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
      return std::string("no trusted TLS connection: ") + curl_easy_strerror(code);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return "the response is not HTTP";
    default:
      // libcurl's generic text for the code; its error buffer may contain the URL.
      return std::string("the file was not received completely: ") + curl_easy_strerror(code);
  }
}

std::optional<ResultFailure> Transfer::outcome(CURLcode code) const {
  const std::string head = where_.where() + ": ";
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  const bool is_refusal = status >= 300 && disk_error_ == 0 && !too_large_;
  if (is_refusal) {
    const std::string word = refusal_code(error_body_);
    // A 403 may also mean a policy or a wrong signature, which a new link does not fix.
    const bool expired = error_body_.find("Request has expired") != std::string::npos;
    const std::string what = status < 400 ? "a redirect, which is not followed: HTTP " : "HTTP ";
    return ResultFailure{
        .expired = expired,
        .message = head + what + std::to_string(status) + (word.empty() ? "" : " " + word)};
  }
  if (code != CURLE_OK) return ResultFailure{.message = head + words(code)};
  if (status != 200) return ResultFailure{.message = head + "HTTP " + std::to_string(status)};
  curl_off_t length = -1;
  curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  if (length < 0 && !chunked_) {
    return ResultFailure{.message = head + "the response has no length: the file may be truncated"};
  }
  return std::nullopt;
}

}  // namespace

void FetchStop::stop() {
  stopped_ = true;
  const std::lock_guard hold(mutex_);
  if (multi_ != nullptr) curl_multi_wakeup(static_cast<CURLM*>(multi_));
}

void FetchStop::watch(void* multi) {
  const std::lock_guard hold(mutex_);
  multi_ = multi;
}

std::optional<ResultFailure> fetch_result(const std::string& url, const FileUrl& where,
                                          const std::string& proxy, int file,
                                          const ResultFetchOptions& options, FetchStop& stop) {
  if (is_forbidden_literal(where))
    return ResultFailure{.message = where.where() + ": " + kNotPublic};
  Transfer transfer(where, file, options);
  const std::unique_ptr<CURLM, CURLMcode (*)(CURLM*)> multi(curl_multi_init(), &curl_multi_cleanup);
  if (!multi || !transfer.prepare(url, proxy) ||
      curl_multi_add_handle(multi.get(), transfer.easy()) != CURLM_OK) {
    return ResultFailure{.message = where.where() + ": libcurl rejects its settings"};
  }
  stop.watch(multi.get());
  std::optional<CURLcode> ended;
  while (!ended && !stop.is_stopped()) {
    int running = 0, left = 0;
    if (curl_multi_perform(multi.get(), &running) != CURLM_OK) ended = CURLE_FAILED_INIT;
    while (const CURLMsg* const message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg == CURLMSG_DONE) ended = message->data.result;
    }
    if (!ended) curl_multi_poll(multi.get(), nullptr, 0, kPollMs, nullptr);
  }
  stop.watch(nullptr);
  auto failure = ended ? transfer.outcome(*ended)
                       : ResultFailure{.message = where.where() + ": the fetch was stopped"};
  curl_multi_remove_handle(multi.get(), transfer.easy());
  return failure;
}

}  // namespace taskwatchd
