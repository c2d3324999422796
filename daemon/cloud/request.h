// A call to a signed HTTP request.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cloud/http.h"
#include "config/config.h"
#include "config/secret.h"
#include "core/api.h"
#include "core/time.h"

namespace taskwatchd {

// One call with the parameters of its own, without the common ones.
struct ApiCall {
  Api api = Api::kQueryTask;
  std::vector<std::pair<std::string, std::string>> parameters;
};

// Where and how an instance is called.
struct Endpoint {
  std::string url;  // scheme://host[:port], no path
  std::string region;
  std::string instance_id;  // empty: IotInstanceId is not sent
  SignatureVersion signature = SignatureVersion::kV3;
  bool use_get = false;  // the server refused POST once
  std::string ca_file;
  std::string proxy;
};

ApiCall query_task(std::string task_id);

// v3: POST /, parameters in the query, empty body; v1: POST with a form body (GET: in the query).
// `nonce` must be new for each request, retries included (SignatureNonceUsed).
HttpRequest build_request(const ApiCall& call, const Endpoint& endpoint, const Keys& keys, Wall now,
                          const std::string& nonce);

}  // namespace taskwatchd
