// Maps libcurl's error codes to TransportFailure with a human-readable text.
#pragma once

#include <curl/curl.h>

#include <string>

#include "cloud/http.h"

namespace taskwatchd {

// What is known of a failed exchange besides its error code.
struct CurlFailure {
  CURLcode code = CURLE_OK;
  std::string where;     // host:port
  std::string via;       // the proxy's host:port; may be empty
  std::string detail;    // libcurl's message, used for TLS only: others may contain the URL
  std::string os_error;  // of the last connect, may be empty
  std::string ca_file;
  long proxy_status = 0;   // status of the proxy's response to CONNECT
  bool connected = false;  // the TCP connection was established
  bool too_large = false;  // we aborted the response
};

TransportFailure describe(const CurlFailure& failure);

}  // namespace taskwatchd
