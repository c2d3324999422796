#include "config/accounts.h"
#include "config/path.h"

namespace taskwatchd {
namespace {

// A file that is copied, mailed and put under version control is no place for a secret.
void refuse_secret(Section& section, std::string_view key, const std::string& instead) {
  section.refuse_key(key, "`" + std::string(key) +
                              "` must not stand in this file; put the secret into a file of its "
                              "own (mode 0400), name it by `" +
                              instead + "`, and change the secret if this file was shared");
}

}  // namespace

std::string read_path(Section& section, std::string_view key, const ParseContext& context) {
  const auto text = section.text(key);
  if (!text) return {};
  const ExpandedPath path = expand_path(*text, context);
  if (!path.problem.empty()) section.refuse(key, "`" + std::string(key) + "` " + path.problem);
  return path.path;
}

CredentialsConfig read_credentials(Section section, const ParseContext& context) {
  CredentialsConfig credentials;
  refuse_secret(section, "access_key_secret", "access_key_secret_file");
  refuse_secret(section, "security_token", "security_token_file");
  if (const auto id = section.text("access_key_id")) {
    // Not shown: an id and a secret are easily taken for one another.
    if (!is_valid_id(*id)) {
      section.refuse("access_key_id",
                     "`access_key_id` must be 1 to 128 printable ASCII characters without space, "
                     "\", \\ and #; copy it from the RAM console");
    }
    credentials.access_key_id = *id;
  }
  credentials.access_key_id_file = read_path(section, "access_key_id_file", context);
  credentials.access_key_secret_file = read_path(section, "access_key_secret_file", context);
  credentials.security_token_file = read_path(section, "security_token_file", context);
  section.later({"ecs_ram_role", "assume_role"});
  if (section.has("ecs_ram_role") || section.has("assume_role")) {
    section.finish();
    return credentials;
  }
  if (section.has("access_key_id") && section.has("access_key_id_file")) {
    section.refuse("access_key_id_file",
                   "`access_key_id` and `access_key_id_file` are both given; keep one");
  } else if (!section.has("access_key_id_file")) {
    section.require("access_key_id",
                    "the credentials lack `access_key_id` (or `access_key_id_file`); give it, or "
                    "leave `credentials` out to take the keys from the environment");
  }
  if (!section.has("access_key_secret")) {
    section.require("access_key_secret_file",
                    "the credentials lack `access_key_secret_file`; name the file that holds the "
                    "secret, or leave `credentials` out to take the keys from the environment");
  }
  section.finish();
  return credentials;
}

}  // namespace taskwatchd
