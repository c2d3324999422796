#include "config/section.h"

#include <algorithm>
#include <charconv>

#include "config/duration.h"
#include "config/spelling.h"

namespace taskwatchd {
namespace {

std::string quoted_key(std::string_view key) {
  return "`" + std::string(key) + "`";
}

// Digits with at most one point inside and no leading zero: 010, 0x8, 1e3 and .5 are invalid.
bool is_decimal(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const auto digits = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (!digits(whole) || (whole.size() > 1 && whole[0] == '0')) return false;
  return point == std::string_view::npos || digits(text.substr(point + 1));
}

std::optional<double> read_number(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::kText || node.quoted || !is_decimal(node.text)) return {};
  double value = 0;
  const char* end = node.text.data() + node.text.size();
  const auto result = std::from_chars(node.text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

std::optional<bool> read_boolean(const YamlNode& node, YamlDialect dialect) {
  if (node.kind != YamlNode::Kind::kText || node.quoted) return std::nullopt;
  if (node.text == "true" || node.text == "false") return node.text == "true";
  if (dialect == YamlDialect::kOurs) return std::nullopt;
  const auto is_one_of = [&node](std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), node.text) != words.end();
  };
  if (is_one_of({"True", "TRUE", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON"})) return true;
  if (is_one_of({"False", "FALSE", "n", "N", "no", "No", "NO", "off", "Off", "OFF"})) return false;
  return std::nullopt;
}

std::string short_number(double value) {
  char buffer[32];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, result.ptr);
}

// Reports a node that is not text and returns false. Unquoted numbers are accepted as written: an
// id or a name may consist of digits.
bool check_text(const std::string& what, const YamlNode& node, Problems& problems,
                YamlDialect dialect) {
  if (node.kind == YamlNode::Kind::kRefused) return false;
  if (node.kind != YamlNode::Kind::kText) {
    problems.add(node.place, what + " must be text, not a list or a map; write one value");
    return false;
  }
  if (dialect == YamlDialect::kOurs && read_boolean(node, dialect)) {
    problems.add(node.place, what + " must be text, not a boolean; put it in quotes");
    return false;
  }
  return true;
}

// In {url: postgresql://A,B} the rest of the URL, B, is a key, and possibly the end of a password.
bool contains_url(const YamlNode& map) {
  return std::any_of(map.entries.begin(), map.entries.end(), [](const YamlEntry& entry) {
    return entry.value.text.find("://") != std::string::npos;
  });
}

}  // namespace

Section::Section(std::string name, const YamlNode& map, Problems& problems, YamlDialect dialect)
    : name_(std::move(name)), map_(&map), problems_(&problems), dialect_(dialect) {}

std::optional<Section> Section::open(std::string name, const std::string& what,
                                     const YamlNode& node, Problems& problems,
                                     YamlDialect dialect) {
  if (node.kind == YamlNode::Kind::kMap) return Section(std::move(name), node, problems, dialect);
  if (node.kind != YamlNode::Kind::kRefused) {
    problems.add(node.place, what + " must contain KEY: VALUE lines, indented below it");
  }
  return std::nullopt;
}

const YamlEntry* Section::find(std::string_view key) const {
  const auto at = std::find_if(map_->entries.begin(), map_->entries.end(),
                               [&](const YamlEntry& entry) { return entry.key == key; });
  return at == map_->entries.end() ? nullptr : &*at;
}

bool Section::has_value(std::string_view key) const {
  const YamlEntry* const entry = find(key);
  if (entry == nullptr) return false;
  const YamlNode& node = entry->value;
  return node.kind == YamlNode::Kind::kText ? !node.text.empty()
                                            : node.kind != YamlNode::Kind::kNull;
}

bool Section::has_empty_list(std::string_view key) const {
  const YamlEntry* const entry = find(key);
  return entry != nullptr && entry->value.kind == YamlNode::Kind::kList &&
         entry->value.items.empty() && entry->value.complete;
}

const YamlNode* Section::value(std::string_view key) {
  known_.push_back(key);
  const YamlEntry* entry = find(key);
  if (entry == nullptr) return nullptr;
  if (entry->value.kind != YamlNode::Kind::kNull) return &entry->value;
  if (dialect_ == YamlDialect::kToolkit) return nullptr;
  problems_->add(entry->value.place, quoted_key(key) + " has no value; set one or remove the key");
  return nullptr;
}

std::optional<std::string> Section::text(std::string_view key) {
  const YamlNode* node = value(key);
  if (node == nullptr || !check_text(quoted_key(key), *node, *problems_, dialect_)) {
    return std::nullopt;
  }
  if (node->text.empty()) {
    if (dialect_ == YamlDialect::kToolkit) return std::nullopt;
    refuse(key, quoted_key(key) + " is empty; set a value or remove the key");
    return std::nullopt;
  }
  return node->text;
}

std::optional<Duration> Section::duration(std::string_view key) {
  const YamlNode* node = value(key);
  if (node == nullptr || node->kind == YamlNode::Kind::kRefused) return std::nullopt;
  std::optional<Duration> duration;
  if (node->kind == YamlNode::Kind::kText) duration = parse_duration(node->text);
  if (!duration) refuse(key, quoted_key(key) + " must be a duration such as 500ms, 30s, 5m or 1d");
  return duration;
}

std::optional<Duration> Section::go_duration(std::string_view key) {
  const YamlNode* node = value(key);
  if (node != nullptr && node->kind == YamlNode::Kind::kText) {
    if (const auto go = parse_go_duration(node->text)) return go;
    if (const auto number = read_number(*node)) return parse_go_duration(node->text + "ns");
  }
  return duration(key);
}

std::optional<Duration> Section::span(std::string_view key, std::string_view without) {
  const std::optional<Duration> span = duration(key);
  if (span != Duration(0)) return span;
  refuse(key, quoted_key(key) + " must be more than 0s; remove it for " + std::string(without));
  return std::nullopt;
}

std::optional<double> Section::number(std::string_view key, double low, double high, bool above) {
  const YamlNode* node = value(key);
  if (node == nullptr || node->kind == YamlNode::Kind::kRefused) return std::nullopt;
  const auto number = read_number(*node);
  if (!number) {
    refuse(key, quoted_key(key) +
                    " must be a decimal number such as 0.8 or 5: digits, no leading zero, no "
                    "quotes, no exponent");
    return std::nullopt;
  }
  if (*number > high || *number < low || (above && *number <= low)) {
    refuse(key, quoted_key(key) + " must be " + (above ? "more than " : "at least ") +
                    short_number(low) + " and at most " + short_number(high));
    return std::nullopt;
  }
  return number;
}

std::optional<std::size_t> Section::count(std::string_view key, std::size_t high, std::size_t low) {
  const YamlNode* node = value(key);
  if (node == nullptr || node->kind == YamlNode::Kind::kRefused) return std::nullopt;
  const auto number = read_number(*node);
  if (!number || *number < static_cast<double>(low) || *number > static_cast<double>(high) ||
      node->text.find('.') != std::string::npos) {
    refuse(key, quoted_key(key) + " must be a whole decimal number from " + std::to_string(low) +
                    " to " + std::to_string(high));
    return std::nullopt;
  }
  return static_cast<std::size_t>(*number);
}

std::optional<std::size_t> Section::choice(std::string_view key,
                                           const std::vector<std::string_view>& words) {
  const YamlNode* node = value(key);
  if (node == nullptr || node->kind == YamlNode::Kind::kRefused) return std::nullopt;
  const auto at = node->kind == YamlNode::Kind::kText
                      ? std::find(words.begin(), words.end(), node->text)
                      : words.end();
  if (at == words.end()) {
    refuse(key, quoted_key(key) + " must be " + any_of(words));
    return std::nullopt;
  }
  return static_cast<std::size_t>(at - words.begin());
}

std::optional<bool> Section::boolean(std::string_view key) {
  const YamlNode* node = value(key);
  if (node == nullptr || node->kind == YamlNode::Kind::kRefused) return std::nullopt;
  if (const auto boolean = read_boolean(*node, dialect_)) return boolean;
  refuse(key, quoted_key(key) + " must be true or false");
  return std::nullopt;
}

std::optional<Section> Section::section(std::string name, std::string_view key) {
  const YamlNode* node = value(key);
  if (node == nullptr) return std::nullopt;
  return open(std::move(name), quoted_key(key), *node, *problems_, dialect_);
}

std::optional<Section> Section::section_or_flag(std::string name, std::string_view key,
                                                bool& flag) {
  const YamlNode* node = value(key);
  if (node == nullptr || node->kind == YamlNode::Kind::kRefused) return std::nullopt;
  if (node->kind == YamlNode::Kind::kMap) {
    return Section(std::move(name), *node, *problems_, dialect_);
  }
  if (const auto boolean = read_boolean(*node, dialect_)) {
    flag = *boolean;
  } else {
    refuse(key, quoted_key(key) + " must be true, false or KEY: VALUE lines, indented below it");
  }
  return std::nullopt;
}

const std::vector<YamlNode>* Section::list(std::string_view key) {
  const YamlNode* node = value(key);
  if (node == nullptr || node->kind == YamlNode::Kind::kRefused) return nullptr;
  if (node->kind != YamlNode::Kind::kList) {
    refuse(key, quoted_key(key) + " must be a list; put `- ` before each item, or write [A, B]");
    return nullptr;
  }
  for (const YamlNode& item : node->items) {
    if (item.kind != YamlNode::Kind::kNull) continue;
    problems_->add(item.place, "empty item in the list " + quoted_key(key) + "; remove it");
  }
  // Truncated before its first item: whether it is empty is unknown.
  if (node->items.empty() && !node->complete) return nullptr;
  return &node->items;
}

std::vector<std::pair<YamlPlace, std::string>> Section::texts(std::string_view key) {
  std::vector<std::pair<YamlPlace, std::string>> texts;
  const std::vector<YamlNode>* items = list(key);
  if (items == nullptr) return texts;
  for (const YamlNode& item : *items) {
    if (item.kind == YamlNode::Kind::kNull) continue;
    if (!check_text("each of " + quoted_key(key), item, *problems_, dialect_)) continue;
    texts.emplace_back(item.place, item.text);
  }
  return texts;
}

std::vector<std::pair<const YamlEntry*, std::string>> Section::free_texts() {
  std::vector<std::pair<const YamlEntry*, std::string>> texts;
  for (const YamlEntry& entry : map_->entries) {
    if (entry.value.kind == YamlNode::Kind::kNull) {
      problems_->add(entry.value.place,
                     shown(entry.key) + " has no value; set one or remove the key");
    } else if (check_text(shown(entry.key), entry.value, *problems_, dialect_)) {
      texts.emplace_back(&entry, entry.value.text);
    }
  }
  return texts;
}

void Section::require(std::string_view key, std::string message) {
  if (find(key) == nullptr && map_->complete) problems_->add(map_->place, std::move(message));
}

YamlPlace Section::place_of(std::string_view key) const {
  const YamlEntry* entry = find(key);
  if (entry == nullptr) return map_->place;
  return entry->value.place;
}

void Section::refuse(std::string_view key, std::string message) {
  if (const YamlEntry* entry = find(key)) message += odd_note(entry->value.text, message);
  problems_->add(place_of(key), std::move(message));
}

void Section::refuse_key(std::string_view key, std::string message) {
  unlisted_.push_back(key);
  if (const YamlEntry* entry = find(key)) problems_->add(entry->place, std::move(message));
}

void Section::finish() {
  std::vector<std::string_view> all = known_;
  all.insert(all.end(), unlisted_.begin(), unlisted_.end());
  for (const YamlEntry& entry : map_->entries) {
    if (std::find(all.begin(), all.end(), entry.key) != all.end()) continue;
    const std::string_view meant = nearest(entry.key, all);
    if (meant.empty() && entry.value.kind == YamlNode::Kind::kNull && contains_url(*map_)) {
      problems_->add(entry.place, "unknown key without a value in " + name_ +
                                      "; remove it, or put a URL with a comma into quotes");
      continue;
    }
    problems_->add(entry.place, "unknown key " + shown(entry.key) + " in " + name_ + "; " +
                                    (meant.empty() ? "the keys here are " + any_of(known_)
                                                   : "did you mean `" + std::string(meant) + "`?"));
  }
}

}  // namespace taskwatchd
