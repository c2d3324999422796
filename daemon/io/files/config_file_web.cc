#include "io/files/config_file_web.h"

#include <string.h>
#include <sys/stat.h>

#include <set>
#include <string_view>
#include <utility>

#include "io/files/config_file_read.h"

namespace taskwatchd {
namespace {

std::size_t mixed(std::size_t digest, std::string_view text) {
  return digest * 0x9e3779b97f4a7c15U + std::hash<std::string_view>()(text);
}

}  // namespace

std::variant<LoadedWebConfig, std::vector<ConfigError>> load_web_config(const std::string& path) {
  const FileText file = read_file(path, kMaxWebFileBytes);
  if (!file.problem.empty()) return std::vector<ConfigError>{{path, 0, 0, file.problem}};
  auto parsed = parse_web_config(file.text, parse_context(path));
  if (auto* errors = std::get_if<std::vector<ConfigError>>(&parsed)) return std::move(*errors);
  LoadedWebConfig loaded;
  loaded.config = std::get<WebConfig>(std::move(parsed));
  loaded.warnings = std::exchange(loaded.config.warnings, {});
  loaded.digest = mixed(0, file.text);
  if (!loaded.config.tls) return loaded;
  const WebTlsConfig& tls = *loaded.config.tls;
  Problems problems(path);
  const auto warn_of_mode = [&](const char* key, const WebPath& named, unsigned mode) {
    const std::string open = mode_problem(mode, S_IROTH | S_IWOTH);
    if (open.empty()) return;
    loaded.warnings.push_back(
        {path, named.place.line, named.place.column,
         pem_name(key, named) + (named.path.empty() ? " of this file " : " ") + open});
    loaded.digest = mixed(loaded.digest, open);
  };
  const auto read = [&](const char* key, const WebPath& named) {
    if (named.path.empty()) {
      if (&named == &tls.key_file) warn_of_mode(key, named, file.mode);
      return named.text.reveal();
    }
    FileText text = read_file(named.path, kMaxWebFileBytes);
    if (!text.problem.empty()) {
      problems.add(named.place, "`" + std::string(key) + "` " + named.path + " " + text.problem);
    }
    if (&named == &tls.key_file) warn_of_mode(key, named, text.mode);
    loaded.digest = mixed(loaded.digest, text.text);
    return std::move(text.text);
  };
  loaded.tls.certificate = read("cert_file", tls.cert_file);
  loaded.tls.key = Secret(read("key_file", tls.key_file));
  loaded.tls.client_ca = read("client_ca_file", tls.client_ca_file);
  if (!problems.empty()) return problems.take();
  return loaded;
}

std::vector<std::string> web_config_folders(const std::string& path, const WebConfig& config) {
  std::set<std::string> folders;
  const auto add = [&](const std::string& file) {
    const std::size_t slash = file.rfind('/');
    if (!file.empty()) folders.insert(slash == std::string::npos ? "." : file.substr(0, slash + 1));
  };
  add(path);
  if (config.tls) {
    add(config.tls->cert_file.path);
    add(config.tls->key_file.path);
    add(config.tls->client_ca_file.path);
  }
  return {folders.begin(), folders.end()};
}

}  // namespace taskwatchd
