// A YAML text as a tree in which every key and value knows its place. Stricter than YAML: one
// document, plain keys, each once; tags are refused, and so is a quote that is never closed.
// Anchors and aliases are refused unless the caller allows them. yaml-cpp reads the tokens; its own
// tree would take the first of two equal keys and share aliased nodes. Pure; no exception leaves.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/problems.h"

namespace taskwatchd {

inline constexpr std::size_t kMaxYamlNodes = 100'000;  // keys and values
inline constexpr std::size_t kMaxYamlDepth = 32;       // lists and maps in one another

struct YamlEntry;

struct YamlNode {
  enum class Kind {
    kNull,
    kText,
    kList,
    kMap,
    kRefused,  // already reported; say no more about it
  };
  Kind kind = Kind::kNull;
  YamlPlace place;
  std::string text;     // of kText
  bool quoted = false;  // of kText: surely text, whatever it looks like
  // False: a syntax error cut this list or map off, so what is missing may yet have come.
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
  kCopied,  // each alias is a copy of what it names, and counts as that many keys and values
};

// The tree, with what is wrong put into `problems`. After a syntax error the tree holds what came
// before it. Nothing if there is no tree at all: an empty text, or bytes that are not text.
std::optional<YamlNode> read_yaml(std::string_view text, Problems& problems,
                                  YamlAliases aliases = YamlAliases::kRefused);

}  // namespace taskwatchd
