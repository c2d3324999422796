// Builds API responses for the tests in tests/cloud.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <optional>
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

// The members that QueryTask's Data must have, as JSON text to which more can be appended.
inline const std::string kNeeded =
    R"("TaskId":"T1","JobId":"J1","UtcModified":"2019-05-21T13:03:56.000Z",)"
    R"("UtcQueueTime":"2019-05-21T13:03:53.000Z")";

inline std::string good_body(const std::string& data) {
  return R"({"RequestId":"R1","Success":true,"Data":{)" + data + "}}";
}

// Returns the result if it has the type Answer. Otherwise fails the test and returns nullopt.
template <typename Answer>
std::optional<Answer> answer_of(Api api, const std::string& body, int status = 200) {
  const Outcome outcome = read_reply(api, reply(status, body));
  if (const auto* answer = std::get_if<Answer>(&outcome)) return *answer;
  const auto* failure = std::get_if<Failure>(&outcome);
  ADD_FAILURE() << (failure != nullptr ? failure->message : "another answer") << " in " << body;
  return std::nullopt;
}

// Returns the failure. If the response is read as a success, fails the test.
inline Failure failure_of(const HttpResult& result, Api api = Api::kQueryTask) {
  const Outcome outcome = read_reply(api, result);
  if (const auto* failure = std::get_if<Failure>(&outcome)) return *failure;
  ADD_FAILURE() << "taken as an answer";
  return {};
}

}  // namespace taskwatchd
