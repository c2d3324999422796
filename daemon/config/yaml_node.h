// Parses YAML text to a tree in which every key and value has its position. Stricter than YAML: one
// document, plain unique keys; tags and unclosed quotes are rejected. Anchors and aliases are
// rejected unless the caller allows them. yaml-cpp provides the tokens; its own tree would use the
// first of two equal keys and share aliased nodes. No I/O; throws nothing.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/problems.h"

namespace taskwatchd {

inline constexpr std::size_t kMaxYamlNodes = 100'000;  // keys and values
inline constexpr std::size_t kMaxYamlDepth = 32;       // nested lists and maps

struct YamlEntry;

struct YamlNode {
  enum class Kind {
    kNull,
    kText,
    kList,
    kMap,
    kRefused,  // already reported: do not report it again
  };
  Kind kind = Kind::kNull;
  YamlPlace place;
  std::string text;     // of kText
  bool quoted = false;  // of kText: certainly text, even if it looks like a number or a boolean
  // False: a syntax error truncated this list or map, so missing items may follow in the file.
  bool complete = true;
  std::vector<YamlNode> items;     // of kList
  std::vector<YamlEntry> entries;  // of kMap; keys are unique
};

struct YamlEntry {
  std::string key;
  YamlPlace place;  // of the key
  YamlNode value;
};

enum class YamlAliases {
  kRefused,
  kCopied,  // each alias becomes a copy of its target, and counts towards the limits like one
};

// Returns the tree and adds errors to `problems`. After a syntax error the tree contains what
// precedes it. Nullopt if there is no tree at all: an empty text, or bytes that are not text.
std::optional<YamlNode> read_yaml(std::string_view text, Problems& problems,
                                  YamlAliases aliases = YamlAliases::kRefused);

}  // namespace taskwatchd
