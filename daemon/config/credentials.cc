#include <algorithm>
#include <iterator>

#include "config/accounts.h"
#include "config/ids.h"
#include "config/path.h"

namespace taskwatchd {
namespace {

// Rejects a secret in the file: configuration files are copied, mailed and put under version
// control.
void refuse_secret(Section& section, std::string_view key, const std::string& instead) {
  section.refuse_key(key, "`" + std::string(key) +
                              "` must not be set in this file; put the secret into a separate file "
                              "(mode 0400), set its path as `" +
                              instead + "`, and change the secret if this file was shared");
}

constexpr std::string_view kKeyKeys[] = {"access_key_id", "access_key_id_file",
                                         "access_key_secret_file", "security_token_file"};

void read_ecs_role(Section& section, CredentialsConfig& credentials) {
  const auto role = section.text("ecs_ram_role");
  if (!role) return;
  credentials.ecs_ram_role = *role;
  if (is_role_name(*role)) return;
  section.refuse("ecs_ram_role",
                 "`ecs_ram_role` must be the role's name: 1 to 64 of A-Z, a-z, 0-9, ., _ and -");
}

RoleConfig read_role(Section section) {
  RoleConfig role;
  if (const auto arn = section.text("role_arn")) {
    role.arn = *arn;
    if (!is_role_arn(*arn)) {
      section.refuse("role_arn",
                     "`role_arn` must be acs:ram::ACCOUNT:role/NAME; copy it from the RAM console");
    }
  }
  section.require(
      "role_arn",
      "`role_arn` is missing in `assume_role`; set it, such as acs:ram::123456789:role/iot");
  if (const auto name = section.text("session_name")) {
    role.session_name = *name;
    if (!is_session_name(*name)) {
      section.refuse("session_name",
                     "`session_name` must be 2 to 64 of A-Z, a-z, 0-9, ., @, - and _");
    }
  }
  if (const auto id = section.text("external_id")) {
    role.external_id = *id;
    if (!is_external_id(*id)) {
      section.refuse("external_id",
                     "`external_id` must be 2 to 1224 of A-Z, a-z, 0-9 and =,.@:/-_");
    }
  }
  if (const auto duration = section.duration("duration")) {
    role.duration = *duration;
    if (!is_session_duration(*duration)) {
      section.refuse("duration",
                     "`duration` must be from 15m to 12h, and no more than the role's maximum");
    }
  }
  section.finish();
  return role;
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
    // The value is not shown: an id and a secret are easily confused.
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
  const bool has_role = section.has("ecs_ram_role");
  const bool assumes = section.has("assume_role");
  if (has_role) read_ecs_role(section, credentials);
  if (auto role = section.section("`assume_role`", "assume_role")) {
    credentials.assume_role = read_role(*std::move(role));
  }
  const bool has_key = std::any_of(std::begin(kKeyKeys), std::end(kKeyKeys),
                                   [&](std::string_view key) { return section.has(key); });
  if (has_role && (has_key || assumes)) {
    section.refuse(
        "ecs_ram_role",
        "`ecs_ram_role` is set together with other credentials; keep one of them. To assume "
        "another role with the RAM role of the ECS instance, set `assume_role` alone");
  }
  if (!has_key && (has_role || assumes)) {
    section.finish();
    return credentials;
  }
  if (section.has("access_key_id") && section.has("access_key_id_file")) {
    section.refuse("access_key_id_file",
                   "`access_key_id` and `access_key_id_file` are both set; keep one");
  } else if (!section.has("access_key_id_file")) {
    section.require("access_key_id",
                    "`access_key_id` (or `access_key_id_file`) is missing in the credentials; set "
                    "it, or remove `credentials` to use the default credential provider chain");
  }
  if (!section.has("access_key_secret")) {
    section.require(
        "access_key_secret_file",
        "`access_key_secret_file` is missing in the credentials; set it to the file that contains "
        "the secret, or remove `credentials` to use the default credential provider chain");
  }
  section.finish();
  return credentials;
}

}  // namespace taskwatchd
