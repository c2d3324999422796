// Parser of ~/.alibabacloud/credentials: [section], key = value or key: value. One pair of quotes
// around a value is not part of the value. # and ; begin a comment at the start of a line or after
// a space or tab.
#include <map>

#include "cloud/credential_profile.h"
#include "config/characters.h"
#include "core/types/ascii.h"
#include "core/types/trim.h"

namespace taskwatchd {
namespace {

using Section = std::map<std::string, std::string, std::less<>>;

std::string_view without_comment(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '#' && line[i] != ';') continue;
    if (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t') return line.substr(0, i);
  }
  return line;
}

// Returns the section of that name, or nullopt if there is none. `bad_line` is set to the first
// line of the section that is not valid INI syntax, or to 0.
std::optional<Section> find_section(std::string_view text, std::string_view wanted, int& bad_line) {
  std::optional<Section> found;
  bool inside = false;
  bad_line = 0;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = trim(without_comment(take_line(text)));
    if (line.empty()) continue;
    if (line.front() == '[' && line.back() == ']') {
      inside = trim(line.substr(1, line.size() - 2)) == wanted;
      if (inside && !found) found.emplace();
      continue;
    }
    if (!inside) continue;
    const std::size_t separator = line.find_first_of("=:");
    if (separator == std::string_view::npos) {
      if (bad_line == 0) bad_line = number;
    } else {
      found->insert_or_assign(ascii_lower(trim(line.substr(0, separator))),
                              std::string(without_quotes(trim(line.substr(separator + 1)))));
    }
  }
  return found;
}

KeyCandidate read_section(const ProfileReader& reader) {
  const std::string type = reader.find("type").value_or("");
  if (type == "access_key") return reader.keys("security_token", false);
  if (type == "sts") return reader.keys("security_token", true);
  if (type == "ecs_ram_role") return reader.ecs_role("role_name");
  if (type == "ram_role_arn") {
    const KeyCandidate signer = reader.keys("security_token", false);
    if (!signer.problem.empty()) return signer;
    return reader.assume_role(signer, "role_arn", "role_session_name", "role_session_expiration");
  }
  if (type == "oidc_role_arn") {
    return reader.oidc_role("role_arn", "role_session_name", "role_session_expiration",
                            "oidc_token_file_path");
  }
  return reader.fail("has type " + shown_name(type) +
                     ", which taskwatchd does not support; use access_key, sts, ecs_ram_role, "
                     "ram_role_arn or oidc_role_arn");
}

}  // namespace

IniCandidate parse_credentials_ini(std::string_view text, const CredentialDefaults& defaults) {
  const std::string name = defaults.profile.empty() ? "default" : defaults.profile;
  std::optional<Section> section;
  const ProfileReader reader(
      "section " + shown_name(name) + " of " + defaults.file,
      [&section](std::string_view key) -> std::optional<std::string> {
        const auto at = section->find(key);
        if (at == section->end() || at->second.empty()) return std::nullopt;
        return at->second;
      },
      defaults);
  if (text.size() > kCredentialFileLimit) {
    return {reader.fail("is in a file of more than 64 KiB; shorten it"), false};
  }
  const MarkedText marked = without_mark(text);
  if (marked.problem != nullptr) {
    return {reader.fail(std::string("is in a file that ") + marked.problem), false};
  }
  int bad_line = 0;
  section = find_section(marked.text, name, bad_line);
  if (bad_line != 0) {
    return {reader.fail("is in a file whose line " + std::to_string(bad_line) +
                        " is neither [SECTION] nor KEY = VALUE; correct it"),
            false};
  }
  if (!section) {
    return {reader.fail("does not exist; add it, or set ALIBABA_CLOUD_PROFILE"), false};
  }
  if (is_word(reader.find("enable").value_or(""), "false")) return {{}, true};
  return {read_section(reader), false};
}

}  // namespace taskwatchd
