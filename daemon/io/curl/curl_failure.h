// What libcurl's codes mean to us, in words for people.
#pragma once

#include <curl/curl.h>

#include <string>

#include "cloud/http.h"

namespace taskwatchd {

// What is known of a failed exchange beside its code.
struct CurlTrouble {
  CURLcode code = CURLE_OK;
  std::string where;     // host:port
  std::string via;       // the proxy's host:port; may be empty
  std::string detail;    // libcurl's words, used for TLS only: others may hold the URL
  std::string os_error;  // of the last connect, may be empty
  std::string ca_file;
  long proxy_status = 0;   // of the proxy's reply to CONNECT
  bool connected = false;  // TCP stood
  bool too_large = false;  // we stopped the reply
};

TransportFailure describe(const CurlTrouble& trouble);

}  // namespace taskwatchd
