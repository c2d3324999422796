// Reads one map of the configuration key by key. Each reader checks the type; on an error it
// reports the position and returns nullopt. A key that is never read is reported as unknown.
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
  // As in yaml.v2, which the Prometheus exporters use: a key without a value or with an empty text
  // is absent, `yes` and `on` are true, and a boolean may be quoted.
  kToolkit,
};

class Section {
 public:
  // `name` is used in messages: "an account". REQUIRES: map outlives this object and is a kMap.
  Section(std::string name, const YamlNode& map, Problems& problems,
          YamlDialect dialect = YamlDialect::kOurs);  // also for the sections inside it

  // Returns the node as a section; if it is not a map, reports that `what` must be one.
  static std::optional<Section> open(std::string name, const std::string& what,
                                     const YamlNode& node, Problems& problems,
                                     YamlDialect dialect = YamlDialect::kOurs);

  // Each function below returns nullopt if the key is absent or its value invalid (which is
  // reported).
  std::optional<std::string> text(std::string_view key);
  std::optional<Duration> duration(std::string_view key);
  // A duration as the exporter-toolkit reads it (Go's format or a number of nanoseconds), or in our
  // format.
  std::optional<Duration> go_duration(std::string_view key);
  // A duration above 0s; `without` describes what happens if the key is removed.
  std::optional<Duration> span(std::string_view key, std::string_view without);
  // A decimal number from low to high; `above` excludes low itself.
  std::optional<double> number(std::string_view key, double low, double high, bool above = false);
  std::optional<std::size_t> count(std::string_view key, std::size_t high, std::size_t low = 0);
  // The index of the value in `words`.
  std::optional<std::size_t> choice(std::string_view key,
                                    const std::vector<std::string_view>& words);
  std::optional<bool> boolean(std::string_view key);  // true or false, without quotes
  std::optional<Section> section(std::string name, std::string_view key);
  // The same, but true or false may replace the map: then nullopt is returned and `flag` is set.
  std::optional<Section> section_or_flag(std::string name, std::string_view key, bool& flag);
  const std::vector<YamlNode>* list(std::string_view key);
  // The texts of a list, with their positions; items that are not text are reported and skipped.
  std::vector<std::pair<YamlPlace, std::string>> texts(std::string_view key);
  // User-defined keys with text values; in such a map no key is unknown.
  std::vector<std::pair<const YamlEntry*, std::string>> free_texts();

  bool empty() const { return map_->entries.empty() && map_->complete; }
  bool has(std::string_view key) const { return find(key) != nullptr; }
  // True if the key has a value other than null or an empty text.
  bool has_value(std::string_view key) const;
  // True if the key has a list without items. Reports nothing.
  bool has_empty_list(std::string_view key) const;
  // True if a syntax error truncated the map: a key that seems absent may follow later in the file.
  bool is_cut_off() const { return !map_->complete; }
  // Reports `message` if the key is absent and the map was read completely.
  void require(std::string_view key, std::string message);
  // Reports at the key's value, or at the map itself if the key is absent.
  void refuse(std::string_view key, std::string message);
  // Reports at the key itself, if it is present; the key then does not count as unknown.
  void refuse_key(std::string_view key, std::string message);
  // Reports every key that was not read. Call it last.
  void finish();

  YamlPlace place_of(std::string_view key) const;
  Problems& problems() { return *problems_; }

 private:
  const YamlEntry* find(std::string_view key) const;
  // records the key as known; reports null, but not in the toolkit's dialect
  const YamlNode* value(std::string_view key);

  std::string name_;
  const YamlNode* map_;
  Problems* problems_;
  YamlDialect dialect_;
  std::vector<std::string_view> known_;     // string literals, as below
  std::vector<std::string_view> unlisted_;  // known, but rejected: not suggested as a correction
};

}  // namespace taskwatchd
