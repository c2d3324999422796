#include "cloud/reply.h"

#include <cassert>

namespace taskwatchd {

Outcome read_reply(Api api, const HttpResult& result) {
  switch (api) {
    case Api::kQueryTask:
      return read_query_task(result);
    case Api::kListTask:
      return read_list_task(result);
    case Api::kQueryJobStatistics:
      return read_query_job_statistics(result);
    case Api::kQueryJob:
      return read_query_job(result);
    case Api::kListJob:
      return read_list_job(result);
    case Api::kQueryDeviceDistributeJob:
      return read_query_distribution(result);
    case Api::kQueryDeviceDistributeDetail:
      return read_distribution_file(result);
  }
  assert(false);  // the switch knows every API
  return Failure{};
}

}  // namespace taskwatchd
