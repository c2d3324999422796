// Converts an API call to a signed HTTP request.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cloud/http.h"
#include "config/config.h"
#include "core/types/api.h"
#include "core/types/job.h"
#include "core/types/secret.h"
#include "core/types/task.h"
#include "core/types/time.h"

namespace taskwatchd {

// One API call with its specific parameters, without the common ones.
struct ApiCall {
  Api api = Api::kQueryTask;
  std::vector<std::pair<std::string, std::string>> parameters;
};

// Where and how the API of an instance is called.
struct Endpoint {
  std::string url;  // scheme://host[:port], no path
  std::string region;
  std::string instance_id;  // empty: IotInstanceId is not sent
  SignatureVersion signature = SignatureVersion::kV3;
  bool use_get = false;  // the server rejected POST before
  std::string ca_file;
  std::string proxy;
};

// Maximum rows in one page of ListTask or ListJob.
inline constexpr int kPageLimit = 50;

ApiCall query_task(std::string task_id);
// Returns the call for the next list page of a job's tasks, of one status or of all. An empty token
// requests the first page; any other must be the previous page's `next_token`, at most one minute
// old. REQUIRES: 1 <= limit <= kPageLimit; here and below, no status is kUnknown.
ApiCall list_task(std::string job_id, std::optional<TaskStatus> status, std::string next_token,
                  int limit);
ApiCall query_job_statistics(std::string job_id);
ApiCall query_job(std::string job_id);
// REQUIRES: 1 <= page; 1 <= page_size <= kPageLimit.
ApiCall list_job(int page, int page_size, std::optional<JobStatus> status);
// Both work only at the distribution endpoint, and take no IotInstanceId.
ApiCall query_distribution(std::string distribution_id);
ApiCall distribution_file(std::string distribution_id);

// Signature v3: POST /, parameters in the query, empty body. v1: POST with a form body (GET: in the
// query). `nonce` must be new for each request, retries included (SignatureNonceUsed).
HttpRequest build_request(const ApiCall& call, const Endpoint& endpoint, const Keys& keys, Wall now,
                          const std::string& nonce);

}  // namespace taskwatchd
