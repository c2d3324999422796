#include "config/accounts.h"
#include "config/characters.h"
#include "config/ids.h"
#include "config/path.h"
#include "config/url.h"
#include "core/events/event.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kMaxLabels = 5;
constexpr std::size_t kMaxLabelValueBytes = 128;
constexpr std::string_view kIdRule =
    "1 to 128 printable ASCII characters without space, \", \\ and #";

std::optional<std::string> label_problem(const std::string& name, const std::string& value) {
  if (!is_label_name(name)) {
    return "label " + shown(name) +
           " must be letters, digits and _, not begin with a digit or __, and be at most 64 long; "
           "rename it";
  }
  if (is_own_label(name)) {
    return "label " + shown(name) +
           " is a label of taskwatchd's own metrics or of Prometheus; rename it";
  }
  if (value.empty() || value.size() > kMaxLabelValueBytes) {
    return "label " + shown(name) + " must have a value of 1 to " +
           std::to_string(kMaxLabelValueBytes) + " bytes; shorten it, or remove the label";
  }
  for (const char c : value) {
    if ((c >= 0 && c < 0x20) || c == 0x7F) {
      return "label " + shown(name) + " contains a control character; write its value on one line";
    }
  }
  for (auto odd = find_odd_character(value); odd;
       odd = find_odd_character(value, odd->at + odd->size)) {
    // Full-width characters and curly quotes are visible, and are normal text in some languages.
    if (odd->looks_like != '\0') continue;
    return "label " + shown(name) + " contains " + odd->shown() +
           ", which nobody sees in a query; remove it";
  }
  return std::nullopt;
}

StringMap read_labels(Section section) {
  StringMap labels;
  for (const auto& [entry, value] : section.free_texts()) {
    if (const auto problem = label_problem(entry->key, value)) {
      section.problems().add(entry->place, *problem);
    } else if (labels.size() == kMaxLabels) {
      section.problems().add(entry->place,
                             "more than " + std::to_string(kMaxLabels) +
                                 " labels; each label makes every series larger: remove " +
                                 shown(entry->key));
    } else {
      labels.emplace_back(entry->key, value);
    }
  }
  return labels;
}

void read_place(Section& section, const ParseContext& context, InstanceConfig& instance) {
  if (const auto region = section.text("region")) {
    if (is_region(*region)) {
      instance.region = *region;
    } else {
      section.refuse("region", "region " + shown(*region) +
                                   " must be a-z, 0-9 and hyphens, such as cn-shanghai");
    }
  }
  section.require("region", "`region` is missing in the instance; set it, such as cn-shanghai");
  if (const auto id = section.text("id")) {
    if (is_valid_id(*id)) {
      instance.id = *id;
    } else {
      section.refuse("id", "instance id " + shown(*id) + " must be " + std::string(kIdRule) +
                               "; copy it from the console, or remove it");
    }
  }
  if (const auto endpoint = section.text("endpoint")) {
    instance.endpoint = origin_of(*endpoint);
    // The value is not shown: it may contain a password.
    if (const auto problem = endpoint_problem(*endpoint)) {
      section.refuse("endpoint", "`endpoint` " + *problem);
    }
  } else if (!instance.region.empty()) {
    instance.endpoint = "https://iot." + instance.region + ".aliyuncs.com";
  }
  instance.ca_file = read_path(section, "ca_file", context);
}

void read_name(Section& section, InstanceConfig& instance) {
  if (const auto name = section.text("name")) {
    if (is_valid_id(*name)) {
      instance.name = *name;
    } else {
      section.refuse("name", "instance name " + shown(*name) + " must be " + std::string(kIdRule) +
                                 "; it becomes the label `iot_instance`");
    }
  } else if (!section.has("name")) {
    instance.name = instance.id.empty() ? instance.region : instance.id;
  }
}

}  // namespace

void read_ids(Section& section, std::string_view key, const std::string& noun,
              const std::string& source, std::vector<std::string>& ids,
              std::vector<YamlPlace>& places) {
  for (auto& [place, id] : section.texts(key)) {
    if (!is_valid_id(id)) {
      section.problems().add(place, noun + " id " + shown(id) + " must be " + std::string(kIdRule) +
                                        "; copy it from the console or from " + source);
      continue;
    }
    ids.push_back(std::move(id));
    places.push_back(place);
  }
}

void check_ids(const std::string& noun, const std::string& remedy,
               const std::vector<std::string>& ids, const std::vector<YamlPlace>& places,
               std::unordered_map<std::string, int>& lines, Problems& problems) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto [at, is_new] = lines.try_emplace(ids[i], places[i].line);
    if (is_new) continue;
    problems.add(places[i], noun + " " + shown(ids[i]) + " is listed in line " +
                                std::to_string(at->second) + " too; " + remedy);
  }
}

InstanceConfig read_instance(Section& section, const ParseContext& context, IdPlaces& places) {
  InstanceConfig instance;
  read_place(section, context, instance);
  read_name(section, instance);
  read_ids(section, "tasks", "task", "ListTask", instance.tasks, places.tasks);
  for (const auto& [place, glob] : section.texts("task_files")) {
    ExpandedPath path = expand_path(glob, context);
    if (path.problem.empty()) {
      instance.task_files.push_back(std::move(path.path));
    } else {
      section.problems().add(place, "a path in `task_files` " + path.problem);
    }
  }
  read_ids(section, "jobs", "job", "ListJob", instance.jobs, places.jobs);
  instance.discover_jobs = read_discover_jobs(section);
  instance.deadline = section.span("deadline", "none");
  if (auto labels = section.section("labels", "labels")) instance.labels = read_labels(*labels);
  section.finish();
  return instance;
}

}  // namespace taskwatchd
