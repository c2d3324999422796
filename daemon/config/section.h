// One map of the configuration, read key by key: each reader checks the type, reports what is wrong
// at its place and returns nothing then. What is never asked for is an unknown key.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/yaml_node.h"
#include "core/types/time.h"

namespace taskwatchd {

enum class YamlDialect {
  kOurs,
  // As yaml.v2, the reader of Prometheus's exporters: a key without a value, or with an empty text,
  // counts as absent, `yes` and `on` are true, and true may be a text.
  kToolkit,
};

class Section {
 public:
  // `name` is what messages call it: "an account". REQUIRES: map outlives this and is a kMap.
  Section(std::string name, const YamlNode& map, Problems& problems,
          YamlDialect dialect = YamlDialect::kOurs);  // of the sections below it too

  // The node as a section, or a problem: `what` must be a map.
  static std::optional<Section> open(std::string name, const std::string& what,
                                     const YamlNode& node, Problems& problems,
                                     YamlDialect dialect = YamlDialect::kOurs);

  // Each below returns nothing if the key is absent, or wrong (which is then reported).
  std::optional<std::string> text(std::string_view key);
  std::optional<Duration> duration(std::string_view key);
  // As the exporter-toolkit reads it, in Go's form or as a number of nanoseconds, or as ours.
  std::optional<Duration> go_duration(std::string_view key);
  // One of more than 0s; `without` says what there is when the key is removed.
  std::optional<Duration> span(std::string_view key, std::string_view without);
  // A decimal number from low to high; `above` excludes low itself.
  std::optional<double> number(std::string_view key, double low, double high, bool above = false);
  std::optional<std::size_t> count(std::string_view key, std::size_t high, std::size_t low = 0);
  // The index of the value in `words`.
  std::optional<std::size_t> choice(std::string_view key,
                                    const std::vector<std::string_view>& words);
  std::optional<bool> boolean(std::string_view key);  // true or false, without quotes
  std::optional<Section> section(std::string name, std::string_view key);
  // The same, where true or false may stand for the map: then nothing, and `flag` is set.
  std::optional<Section> section_or_flag(std::string name, std::string_view key, bool& flag);
  const std::vector<YamlNode>* list(std::string_view key);
  // The texts of a list, with their places; items that are no text are reported and left out.
  std::vector<std::pair<YamlPlace, std::string>> texts(std::string_view key);
  // Keys of the user's own choice with texts; for these no key is unknown.
  std::vector<std::pair<const YamlEntry*, std::string>> free_texts();

  bool empty() const { return map_->entries.empty() && map_->complete; }
  bool has(std::string_view key) const { return find(key) != nullptr; }
  // Whether there is more than nothing or an empty text.
  bool has_value(std::string_view key) const;
  // True if a syntax error cut it off: what seems to be absent may yet have come.
  bool is_cut_off() const { return !map_->complete; }
  // Reports `message` if the key is absent and the map was read to its end.
  void require(std::string_view key, std::string message);
  // Reports at the key's value, or at the map itself if the key is absent.
  void refuse(std::string_view key, std::string message);
  // Reports at the key itself, if it is there; it is no unknown key then.
  void refuse_key(std::string_view key, std::string message);
  // Reports every key that was not asked for. Call it last.
  void finish();

  YamlPlace place_of(std::string_view key) const;
  Problems& problems() { return *problems_; }

 private:
  const YamlEntry* find(std::string_view key) const;
  const YamlNode* value(std::string_view key);  // remembers the key; reports null, but
                                                // not in the toolkit's dialect

  std::string name_;
  const YamlNode* map_;
  Problems* problems_;
  YamlDialect dialect_;
  std::vector<std::string_view> known_;     // literals, as below
  std::vector<std::string_view> unlisted_;  // known, but refused: not offered as a mend
};

}  // namespace taskwatchd
