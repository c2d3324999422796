#include "config/yaml_node.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

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

// Ends the reading from inside a handler; caught in read_yaml.
struct Stop {
  YamlPlace place;
  std::string message;
};

// Lists and maps that are open stand on a stack; a closed one moves into the one below it.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, Problems& problems) : source_(text), problems_(problems) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_) {
      throw Stop{place_of(mark),
                 "a second YAML document, or extra text; keep one, and check the indentation"};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    YamlPlace place = count(mark);
    // The parser's place of an absent value is wherever the next word stands.
    if (!source_.null_is_written(place)) {
      const bool in_map = !open_.empty() && open_.back().has_key && !open_.back().drop;
      place = in_map ? open_.back().entry.place : source_.last_before(place);
    }
    value({YamlNode::Kind::kNull, place, {}, false, true, {}, {}});
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    const YamlPlace place = count(mark);
    problems_.add(place, "aliases (*) are not supported; write the value out");
    value({YamlNode::Kind::kRefused, place, {}, false, true, {}, {}});
  }

  void OnAnchor(const YAML::Mark& mark, const std::string& /*name*/) override {
    problems_.add(place_of(mark), "anchors (&) are not supported; remove it");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                const std::string& text) override {
    const YamlPlace place = count(mark);
    if (tag == "!" && !source_.quote_is_closed(place)) {
      throw Stop{place, "not YAML: this quote is never closed; close it"};
    }
    check_tag(place, tag);
    value({YamlNode::Kind::kText, place, text, tag != "?", true, {}, {}});
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {
    open(YamlNode::Kind::kList, mark, tag);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    open(YamlNode::Kind::kMap, mark, tag);
  }
  void OnMapEnd() override { close(); }

  // What was read, with all that is still open closed as it is.
  std::optional<YamlNode> finish() {
    while (!open_.empty()) {
      open_.back().node.complete = false;
      close();
    }
    return std::move(root_);
  }

 private:
  struct Open {
    YamlNode node;
    bool has_key = false;  // of a map: the value comes next
    bool drop = false;     // the key was refused: its value is not kept
    YamlEntry entry;
    std::map<std::string, int, std::less<>> lines;  // of the keys so far
  };

  YamlPlace count(const YAML::Mark& mark) {
    const YamlPlace place = place_of(mark);
    if (++nodes_ > kMaxYamlNodes) {
      throw Stop{place, "more than " + std::to_string(kMaxYamlNodes) +
                            " keys and values; move long lists of tasks into `task_files`"};
    }
    return place;
  }

  void check_tag(YamlPlace place, const std::string& tag) {
    if (tag == "?" || tag == "!" || tag.empty()) return;
    problems_.add(place, "YAML tags (!) are not supported; remove it");
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag) {
    const YamlPlace place = count(mark);
    if (open_.size() >= kMaxYamlDepth) {
      throw Stop{place, "lists and maps are nested more than " + std::to_string(kMaxYamlDepth) +
                            " levels deep; check the brackets"};
    }
    check_tag(place, tag);
    open_.emplace_back().node = {kind, place, {}, false, true, {}, {}};
  }

  void close() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    value(std::move(node));
  }

  void value(YamlNode node) {
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
  std::vector<Open> open_;
  std::optional<YamlNode> root_;
  std::size_t nodes_ = 0;
};

}  // namespace

std::optional<YamlNode> read_yaml(std::string_view text, Problems& problems) {
  if (const auto flaw = find_flaw(text)) {
    problems.end(flaw->place, flaw->message);
    return std::nullopt;
  }
  TreeBuilder builder(text, problems);
  try {
    std::istringstream stream{std::string(without_mark(text).text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop& stop) {
    problems.end(stop.place, stop.message);
  } catch (const YAML::Exception& error) {
    if (const auto slip = SourceText(text).likely_slip(place_of(error.mark))) {
      problems.end(slip->place, "not YAML: " + error.msg + "; " + slip->message);
      return builder.finish();
    }
    problems.end(place_of(error.mark), "not YAML: " + error.msg +
                                           "; check the indentation, quotes and brackets "
                                           "here and in the line above");
  }
  return builder.finish();
}

}  // namespace taskwatchd
