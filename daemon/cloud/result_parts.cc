#include "cloud/result_parts.h"

#include <algorithm>

#include "cloud/xml_reader.h"

namespace taskwatchd {
namespace {

constexpr const char* kWorkbook = "xl/workbook.xml";
constexpr const char* kRootLinks = "_rels/.rels";
constexpr std::size_t kMaxLinks = 1000;

struct Link {
  std::string kind;  // the last part of the relationship type: worksheet, sharedStrings
  std::string target;
};

class Links : public XmlHandler {
 public:
  const std::vector<Link>& all() const { return links_; }
  bool is_done() const override { return links_.size() > kMaxLinks; }
  void open(std::string_view element, const char** attributes) override {
    if (element != "Relationship" || xml_attribute(attributes, "TargetMode") == "External") return;
    const std::string_view type = xml_attribute(attributes, "Type");
    links_.push_back({std::string(type.substr(type.rfind('/') + 1)),
                      std::string(xml_attribute(attributes, "Target"))});
  }
  void close(std::string_view) override {}
  void text(std::string_view) override {}

 private:
  std::vector<Link> links_;
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// Resolves `target`, as it occurs in the relationships of a part in `folder` ("xl/").
std::string resolve(std::string_view folder, std::string_view target) {
  const bool is_absolute = target.starts_with('/') || target.starts_with('\\');
  std::string path = ZipArchive::part_name(target);
  if (!is_absolute) path.insert(0, folder);
  std::vector<std::string> steps;
  std::string step;
  for (std::size_t at = 0; at <= path.size(); ++at) {
    if (at < path.size() && path[at] != '/') {
      const int high = at + 2 < path.size() && path[at] == '%' ? hex_digit(path[at + 1]) : -1;
      const int low = high >= 0 ? hex_digit(path[at + 2]) : -1;
      step += low >= 0 ? static_cast<char>(high * 16 + low) : path[at];
      if (low >= 0) at += 2;
      continue;
    }
    if (step == "..") {
      if (!steps.empty()) steps.pop_back();
    } else if (!step.empty() && step != ".") {
      steps.push_back(step);
    }
    step.clear();
  }
  std::string part;
  for (const std::string& one : steps) part += (part.empty() ? "" : "/") + one;
  return ZipArchive::part_name(part);
}

std::string folder_of(std::string_view part) {
  return std::string(part.substr(0, part.rfind('/') + 1));
}

// Malformed relationships are treated as none: the usual fixed names are tried then.
std::optional<UnpackProblem> read_links(ZipArchive& archive, const std::string& part,
                                        std::size_t& budget, std::vector<Link>& found) {
  const auto entry = archive.find(part);
  if (!entry) return std::nullopt;
  Links links;
  XmlReader reader(links);
  const TakePart take = [&reader](std::string_view bytes) { return reader.feed(bytes); };
  if (auto problem = archive.read(*entry, budget, take)) return problem;
  if (reader.end()) found = links.all();
  return std::nullopt;
}

std::string workbook_of(const ZipArchive& archive, const std::vector<Link>& links) {
  for (const Link& link : links) {
    std::string part = resolve("", link.target);
    if (link.kind == "officeDocument" && archive.find(part)) return part;
  }
  return kWorkbook;
}

}  // namespace

bool is_xlsx(const ZipArchive& archive) {
  return archive.find(kWorkbook) ||
         (archive.find(kRootLinks) && archive.find("[content_types].xml"));
}

std::variant<SpreadsheetParts, UnpackProblem> find_parts(ZipArchive& archive, std::size_t& budget) {
  std::vector<Link> links;
  if (auto problem = read_links(archive, kRootLinks, budget, links)) return *problem;
  const std::string workbook = workbook_of(archive, links);
  const std::string folder = folder_of(workbook);
  links.clear();
  const std::string of_workbook = folder + "_rels/" + workbook.substr(folder.size()) + ".rels";
  if (auto problem = read_links(archive, of_workbook, budget, links)) return *problem;
  SpreadsheetParts parts;
  for (const Link& link : links) {
    const auto entry = archive.find(resolve(folder, link.target));
    if (!entry) continue;
    const auto& known = parts.sheets;
    const bool is_new = std::find(known.begin(), known.end(), *entry) == known.end();
    if (link.kind == "worksheet" && is_new) parts.sheets.push_back(*entry);
    if (link.kind == "sharedStrings") parts.texts = entry;
  }
  const auto& names = archive.names();
  const bool by_name = parts.sheets.empty();
  for (std::size_t i = 0; i < names.size() && by_name; ++i) {
    const bool is_sheet = names[i].starts_with("xl/worksheets/") && names[i].ends_with(".xml");
    if (is_sheet) parts.sheets.push_back(i);
  }
  if (!parts.texts) parts.texts = archive.find("xl/sharedstrings.xml");
  return parts;
}

}  // namespace taskwatchd
