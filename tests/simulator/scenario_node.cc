#include "simulator/scenario_node.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "simulator/scenario.h"

namespace iotsim {
namespace {

[[noreturn]] void fail_at(const std::string& file, const YAML::Mark& mark,
                          const std::string& message) {
  std::string place = file;
  if (!mark.is_null()) {
    place += ':' + std::to_string(mark.line + 1) + ':' + std::to_string(mark.column + 1);
  }
  throw ScenarioError(place + ": " + message);
}

}  // namespace

ScenarioNode ScenarioNode::parse(std::string_view yaml, const std::string& file) {
  try {
    ScenarioNode root(YAML::Load(std::string(yaml)), file);
    if (!root.node_.IsMap()) root.fail("a scenario must be a map");
    return root;
  } catch (const YAML::Exception& e) {
    fail_at(file, e.mark, e.msg);
  }
}

void ScenarioNode::fail(const std::string& message) const {
  fail_at(file_, node_.Mark(), message);
}

void ScenarioNode::allow(std::initializer_list<std::string_view> keys) const {
  for_each_member([&](const std::string& name, const ScenarioNode& value) {
    if (std::find(keys.begin(), keys.end(), name) == keys.end()) value.fail("unknown key: " + name);
  });
}

std::optional<ScenarioNode> ScenarioNode::find(const char* key) const {
  const YAML::Node child = node_[key];
  if (!child.IsDefined()) return std::nullopt;
  return ScenarioNode(child, file_);
}

ScenarioNode ScenarioNode::need(const char* key) const {
  const auto child = find(key);
  if (!child) fail(std::string("missing key: ") + key);
  return *child;
}

void ScenarioNode::for_each_item(const std::function<void(const ScenarioNode&)>& visit) const {
  if (!node_.IsSequence()) fail("must be a list");
  for (const auto& item : node_) visit(ScenarioNode(item, file_));
}

void ScenarioNode::for_each_member(
    const std::function<void(const std::string&, const ScenarioNode&)>& visit) const {
  if (!node_.IsMap()) fail("must be a map");
  std::set<std::string> seen;
  for (const auto& member : node_) {
    const ScenarioNode name(member.first, file_);
    if (!seen.insert(name.text()).second) name.fail("key used twice: " + name.text());
    visit(name.text(), ScenarioNode(member.second, file_));
  }
}

std::string ScenarioNode::text() const {
  if (!node_.IsScalar()) fail("must be a plain value");
  return node_.Scalar();
}

std::string ScenarioNode::text_or(const char* key, const std::string& otherwise) const {
  const auto child = find(key);
  return child ? child->text() : otherwise;
}

template <typename Number>
static std::optional<Number> parse_number(const std::string& word) {
  Number value{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

double ScenarioNode::number(double low, double high) const {
  const auto value = parse_number<double>(text());
  if (!value || !std::isfinite(*value)) fail("must be a number: " + text());
  if (*value < low || *value > high) fail("out of range: " + text());
  return *value;
}

std::int64_t ScenarioNode::whole(std::int64_t low, std::int64_t high) const {
  const auto value = parse_number<std::int64_t>(text());
  if (!value) fail("must be a whole number: " + text());
  if (*value < low || *value > high) fail("out of range: " + text());
  return *value;
}

bool ScenarioNode::boolean() const {
  const std::string word = text();
  if (word != "true" && word != "false") fail("must be true or false: " + word);
  return word == "true";
}

std::int64_t ScenarioNode::span(std::int64_t low) const {
  const auto value = parse_span(text());
  if (!value) fail("must be a duration such as 500ms, 30s, 5m or 1h30m: " + text());
  if (*value < low) fail("must not be negative: " + text());
  return *value;
}

std::optional<std::int64_t> parse_span(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::int64_t ms;
  };
  // Longer names first: "ms" must not be read as "m".
  static constexpr Unit kUnits[] = {
      {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  while (!text.empty()) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || count < 0 || count > 1'000'000'000) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto* const unit = std::find_if(std::begin(kUnits), std::end(kUnits),
                                          [&](const Unit& u) { return text.starts_with(u.name); });
    if (unit == std::end(kUnits)) return std::nullopt;
    text.remove_prefix(unit->name.size());
    total += count * unit->ms;
  }
  return negative ? -total : total;
}

}  // namespace iotsim
