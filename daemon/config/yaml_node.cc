#include "config/yaml_node.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include "config/characters.h"
#include "config/source_text.h"

namespace taskwatchd {
namespace {

YamlPlace place_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

// Number of keys and values, and nesting depth of lists and maps.
struct TreeSize {
  std::size_t nodes = 1;
  std::size_t depth = 0;
};
TreeSize size_of(const YamlNode& node) {
  TreeSize size;
  const auto add = [&size](const YamlNode& child, std::size_t keys) {
    const TreeSize inner = size_of(child);
    size.nodes += keys + inner.nodes;
    size.depth = std::max(size.depth, inner.depth);
  };
  for (const YamlNode& item : node.items) add(item, 0);
  for (const YamlEntry& entry : node.entries) add(entry.value, 1);
  const bool nests = node.kind == YamlNode::Kind::kList || node.kind == YamlNode::Kind::kMap;
  size.depth += nests ? 1 : 0;
  return size;
}

// Thrown to stop parsing from inside a handler; caught in read_yaml.
struct Stop {
  YamlPlace place;
  std::string message;
};

// Open lists and maps are on a stack; a closed one moves into the one below it.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, Problems& problems, YamlAliases aliases)
      : source_(text), problems_(problems), aliases_(aliases) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_) {
      throw Stop{place_of(mark),
                 "a second YAML document, or extra text; keep one, and check the indentation"};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlPlace place = count(mark);
    // The parser's position of an absent value is that of the next token.
    if (!source_.null_is_written(place)) {
      const bool in_map = !open_.empty() && open_.back().has_key && !open_.back().drop;
      place = in_map ? open_.back().entry.place : source_.last_before(place);
    }
    value({YamlNode::Kind::kNull, place, {}, false, true, {}, {}}, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const YamlPlace place = count(mark);
    if (aliases_ == YamlAliases::kCopied) {
      value(copy_of(anchor, place));
      return;
    }
    problems_.add(place, "aliases (*) are not supported; write the value out");
    value({YamlNode::Kind::kRefused, place, {}, false, true, {}, {}});
  }

  void OnAnchor(const YAML::Mark& mark, const std::string& /*name*/) override {
    if (aliases_ == YamlAliases::kCopied) return;
    problems_.add(place_of(mark), "anchors (&) are not supported; remove it");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    const YamlPlace place = count(mark);
    if (tag == "!" && !source_.quote_is_closed(place)) {
      throw Stop{place, "not YAML: this quote is never closed; close it"};
    }
    check_tag(place, tag);
    value({YamlNode::Kind::kText, place, text, tag != "?", true, {}, {}}, anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(YamlNode::Kind::kList, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(YamlNode::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

  // Returns the tree, with all open lists and maps closed as they are.
  std::optional<YamlNode> finish() {
    while (!open_.empty()) {
      open_.back().node.complete = false;
      open_.back().anchor = YAML::NullAnchor;  // its anchor can no longer be referenced
      close();
    }
    return std::move(root_);
  }

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor = YAML::NullAnchor;
    bool has_key = false;  // of a map: the next node is the value
    bool drop = false;     // the key was rejected: its value is not kept
    YamlEntry entry;
    std::map<std::string, int, std::less<>> lines;  // of the keys so far
  };

  YamlPlace count(const YAML::Mark& mark) {
    const YamlPlace place = place_of(mark);
    add_nodes(place, 1);
    return place;
  }
  void add_nodes(YamlPlace place, std::size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > kMaxYamlNodes) {
      throw Stop{place, "more than " + std::to_string(kMaxYamlNodes) +
                            " keys and values; move long lists of tasks into `task_files`"};
    }
  }

  void check_tag(YamlPlace place, const std::string& tag) {
    if (tag == "?" || tag == "!" || tag.empty()) return;
    problems_.add(place, "YAML tags (!) are not supported; remove it");
  }

  void check_depth(YamlPlace place, std::size_t more) {
    if (open_.size() + more <= kMaxYamlDepth) return;
    throw Stop{place, "lists and maps are nested more than " + std::to_string(kMaxYamlDepth) +
                          " levels deep; check the brackets"};
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    const YamlPlace place = count(mark);
    check_depth(place, 1);
    check_tag(place, tag);
    Open& opened = open_.emplace_back();
    opened.node = {kind, place, {}, false, true, {}, {}};
    opened.anchor = anchor;
  }

  // Returns a copy of the anchor's node. Positions are those of the original.
  YamlNode copy_of(YAML::anchor_t anchor, YamlPlace place) {
    const auto named = anchored_.find(anchor);
    if (named == anchored_.end()) {
      problems_.add(place, "this alias (*) stands inside what it names; write the value out");
      return {YamlNode::Kind::kRefused, place, {}, false, true, {}, {}};
    }
    const TreeSize size = size_of(named->second);
    add_nodes(place, size.nodes);
    check_depth(place, size.depth);
    return named->second;
  }

  void close() {
    YamlNode node = std::move(open_.back().node);
    const YAML::anchor_t anchor = open_.back().anchor;
    open_.pop_back();
    value(std::move(node), anchor);
  }

  void value(YamlNode node, YAML::anchor_t anchor = YAML::NullAnchor) {
    if (anchor != YAML::NullAnchor && aliases_ == YamlAliases::kCopied) {
      add_nodes(node.place, size_of(node).nodes);
      anchored_[anchor] = node;
    }
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::kList) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.has_key) {
      key(parent, std::move(node));
    } else {
      parent.has_key = false;
      if (parent.drop) return;
      parent.entry.value = std::move(node);
      parent.node.entries.push_back(std::exchange(parent.entry, {}));
    }
  }

  void key(Open& parent, YamlNode node) {
    parent.has_key = true;
    parent.drop = node.kind != YamlNode::Kind::kText;
    if (parent.drop) {
      if (node.kind != YamlNode::Kind::kRefused) {
        problems_.add(node.place, "a key must be a plain word; write KEY: VALUE");
      }
      return;
    }
    const auto [at, is_new] = parent.lines.try_emplace(node.text, node.place.line);
    if (!is_new) {
      parent.drop = true;
      problems_.add(node.place, "key " + shown(node.text) + " is set twice, first in line " +
                                    std::to_string(at->second) + "; keep one");
      return;
    }
    parent.entry.key = std::move(node.text);
    parent.entry.place = node.place;
  }

  SourceText source_;
  Problems& problems_;
  const YamlAliases aliases_;
  std::map<YAML::anchor_t, YamlNode> anchored_;
  std::vector<Open> open_;
  std::optional<YamlNode> root_;
  std::size_t nodes_ = 0;
};

}  // namespace

std::optional<YamlNode> read_yaml(std::string_view text, Problems& problems, YamlAliases aliases) {
  if (const auto flaw = find_flaw(text)) {
    problems.end(flaw->place, flaw->message);
    return std::nullopt;
  }
  TreeBuilder builder(text, problems, aliases);
  try {
    std::istringstream stream{std::string(without_mark(text).text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop& stop) {
    problems.end(stop.place, stop.message);
  } catch (const YAML::Exception& error) {
    if (const auto typing_error = SourceText(text).likely_typing_error(place_of(error.mark))) {
      problems.end(typing_error->place, "not YAML: " + error.msg + "; " + typing_error->message);
      return builder.finish();
    }
    problems.end(place_of(error.mark), "not YAML: " + error.msg +
                                           "; check the indentation, quotes and brackets "
                                           "here and in the line above");
  }
  return builder.finish();
}

}  // namespace taskwatchd
