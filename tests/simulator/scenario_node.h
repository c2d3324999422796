// One YAML node of a scenario file and its position. Every accessor throws ScenarioError with
// FILE:LINE:COL if the node has the wrong form.
#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace iotsim {

class ScenarioNode {
 public:
  static ScenarioNode parse(std::string_view yaml, const std::string& file);

  [[noreturn]] void fail(const std::string& message) const;
  // Checks that this is a map with only these keys, each at most once.
  void allow(std::initializer_list<std::string_view> keys) const;
  std::optional<ScenarioNode> find(const char* key) const;
  ScenarioNode need(const char* key) const;
  void for_each_item(const std::function<void(const ScenarioNode&)>& visit) const;
  void for_each_member(
      const std::function<void(const std::string&, const ScenarioNode&)>& visit) const;

  std::string text() const;
  std::string text_or(const char* key, const std::string& otherwise) const;
  double number(double low, double high) const;
  std::int64_t whole(std::int64_t low, std::int64_t high) const;
  bool boolean() const;
  // Returns milliseconds, at least `low`.
  std::int64_t span(std::int64_t low) const;

 private:
  ScenarioNode(YAML::Node node, std::string file)
      : node_(std::move(node)), file_(std::move(file)) {}
  YAML::Node node_;
  std::string file_;
};

}  // namespace iotsim
