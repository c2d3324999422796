#include "io/curl/curl_failure.h"

#include <algorithm>

namespace taskwatchd {
namespace {

using Kind = TransportFailure::Kind;

constexpr std::size_t kDetailBytes = 200;

Kind kind_of(const CurlFailure& failure) {
  if (failure.too_large) return Kind::kTooLarge;
  switch (failure.code) {
    case CURLE_OPERATION_TIMEDOUT:
      return failure.connected ? Kind::kTimeout : Kind::kUnreachable;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_USE_SSL_FAILED:
      return Kind::kTls;
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_OUT_OF_MEMORY:  // returned by libcurl 7.88 for a header line above 100 kB
#if LIBCURL_VERSION_NUM >= 0x080600
    case CURLE_TOO_LARGE:  // returned by later ones
#endif
      return Kind::kTooLarge;
    case CURLE_UNSUPPORTED_PROTOCOL:  // a response that is not HTTP: "HTTP/0.9 not allowed"
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_URL_MALFORMAT:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_HTTP_RETURNED_ERROR:
    case CURLE_UNKNOWN_OPTION:
    case CURLE_FAILED_INIT:
      return Kind::kProtocol;
    default:
      return Kind::kUnreachable;
  }
}

std::string printable(std::string text) {
  text.resize(std::min(text.size(), kDetailBytes));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < 0x20 || c >= 0x7f; }, '?');
  return text;
}

std::string words(const CurlFailure& failure, Kind kind) {
  const std::string reason = failure.os_error.empty() ? "" : ": " + failure.os_error;
  switch (kind) {
    case Kind::kTimeout:
      return "no complete response in time";
    case Kind::kTooLarge:
      return "the response is larger than allowed";
    case Kind::kProtocol:
      return "the response is not HTTP";
    case Kind::kTls:
      if (failure.code == CURLE_SSL_CACERT_BADFILE && !failure.ca_file.empty()) {
        return "cannot use the CA file " + failure.ca_file;
      }
      return "no trusted TLS connection: " +
             printable(failure.detail.empty() ? curl_easy_strerror(failure.code) : failure.detail);
    case Kind::kUnreachable:
      break;
  }
  if (failure.proxy_status >= 300) {
    return "the proxy refused to connect: HTTP " + std::to_string(failure.proxy_status);
  }
  if (failure.code == CURLE_OPERATION_TIMEDOUT) return "connection timed out";
  if (!failure.connected) return "cannot connect" + reason;
  if (failure.code == CURLE_GOT_NOTHING || failure.code == CURLE_ABORTED_BY_CALLBACK) {
    // We cause the second code ourselves: see on_request.
    return "the connection was closed without a response";
  }
  return "the connection was closed before the response was complete";
}

}  // namespace

TransportFailure describe(const CurlFailure& failure) {
  const Kind kind = kind_of(failure);
  std::string where = failure.where;
  if (!failure.via.empty()) where += " by proxy " + failure.via;
  return {kind, where + ": " + words(failure, kind)};
}

}  // namespace taskwatchd
