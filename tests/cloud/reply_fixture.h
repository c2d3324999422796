// Replies as the tests of the cloud room make them.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "cloud/reply.h"

namespace taskwatchd {

inline HttpReply reply(int status, std::string body) {
  return {status, {{"content-type", "application/json;charset=utf-8"}}, std::move(body)};
}

inline std::string sample(const std::string& name) {
  std::ifstream file(std::string(TEST_DATA_DIR "/cloud/") + name, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

// The members that a QueryTask's Data must have, as JSON text to go on from.
inline const std::string kNeeded =
    R"("TaskId":"T1","JobId":"J1","UtcModified":"2019-05-21T13:03:56.000Z",)"
    R"("UtcQueueTime":"2019-05-21T13:03:53.000Z")";

inline std::string good_body(const std::string& data) {
  return R"({"RequestId":"R1","Success":true,"Data":{)" + data + "}}";
}

// The failure that a reply is; a test failure if it is none.
inline Failure failure_of(const HttpResult& result) {
  const Outcome outcome = read_query_task(result);
  if (const auto* failure = std::get_if<Failure>(&outcome)) return *failure;
  ADD_FAILURE() << "taken as a task";
  return {};
}

}  // namespace taskwatchd
