// A simulated platform with a few jobs and a client that queries them, for tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "simulator/model_cloud.h"
#include "simulator/test_client.h"

namespace iotsim {

inline constexpr std::int64_t kStart = 1'800'000'000'000;
inline constexpr std::int64_t kMinute = 60'000;

class Jobs : public ::testing::Test {
 protected:
  Jobs() {
    Account account;
    account.name = "a";
    account.keys = {{"LTAItest", "test-secret", "", true}};
    world.add(account);
    world.add(Instance{"a", "cn-shanghai", "iot-cn-test"});
    world.add(Instance{"a", "cn-shanghai", "iot-cn-other"});
  }
  const Job& add_job(const std::string& id, std::uint32_t devices, double rollout = 1e6) {
    JobSpec spec;
    spec.id = id;
    spec.name = "ota";
    spec.created_ms = spec.start_ms = kStart;
    spec.devices = devices;
    spec.rollout_per_minute = rollout;
    return world.add(spec);
  }

  Response ask(const std::string& api, Pairs parameters) {
    step();
    return cloud.handle(client.v3(api, std::move(parameters), wall), now());
  }
  void step() {
    wall += step_ms;
    mono_us += step_ms * 1000;
  }
  Now now() const { return {wall, mono_us}; }

  // Returns all strings that follow "NAME":" in a body.
  static std::vector<std::string> all(const std::string& body, const std::string& name) {
    const std::string mark = '"' + name + "\":\"";
    std::vector<std::string> found;
    for (std::size_t at = body.find(mark); at != std::string::npos; at = body.find(mark, at)) {
      at += mark.size();
      found.push_back(body.substr(at, body.find('"', at) - at));
    }
    return found;
  }
  static std::string one(const std::string& body, const std::string& name) {
    const auto found = all(body, name);
    return found.size() == 1 ? found[0] : std::to_string(found.size()) + " of them";
  }
  std::string code(const std::string& api, Pairs parameters) {
    return one(ask(api, std::move(parameters)).body, "Code");
  }
  // Returns a complete list, read page by page, and stores the number of list pages in `pages`.
  std::vector<std::string> list(Pairs parameters, int* pages = nullptr) {
    std::vector<std::string> ids;
    Pairs next = parameters;
    for (int n = 1;; ++n) {
      const Response r = ask("ListTask", next);
      EXPECT_THAT(r.body, ::testing::HasSubstr("\"Success\":true"));
      for (auto& id : all(r.body, "TaskId")) ids.push_back(std::move(id));
      if (pages != nullptr) *pages = n;
      const auto token = all(r.body, "NextToken");
      if (token.empty()) return ids;
      next = parameters;
      next.emplace_back("NextToken", token[0]);
    }
  }
  std::vector<std::string> in_status(const Job& job, const std::string& word) {
    std::vector<std::string> ids;
    for (const Task* const task : job.tasks) {
      const auto state = world.status_at(*task, wall);
      if (state && (word.empty() || state->word == word)) ids.push_back(task->id);
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }
  void turn(const std::string& name, const std::string& value) {
    ASSERT_EQ(set_switch(cloud.switches, name, value), std::nullopt);
  }

  World world{5};
  ModelCloud cloud{world, 1};
  TestClient client;
  std::int64_t wall = kStart;
  std::int64_t mono_us = 77'000'000;
  std::int64_t step_ms = 201;
};

}  // namespace iotsim
