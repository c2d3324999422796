// Reads any text as a web configuration: one that satisfies its own rules, or errors with
// positions.
#include "config/web_config.h"
#include "config/bcrypt.h"
#include "fuzz_input.h"

using namespace taskwatchd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  const auto result = parse_web_config(text, {"w.yml", "/etc/taskwatchd", "", ""});
  if (const auto* errors = std::get_if<std::vector<ConfigError>>(&result)) {
    require(!errors->empty());
    for (const ConfigError& error : *errors) {
      require(error.line >= 0 && error.column >= 0 && !error.message.empty());
    }
    return 0;
  }
  const WebConfig& config = std::get<WebConfig>(result);
  for (const auto& [_, hash] : config.users) {
    require(bcrypt_problem(hash.reveal()).empty() && hash.reveal().size() == 60);
  }
  for (const auto& [name, value] : config.headers) {
    require(value.find_first_of("\r\n") == std::string::npos);
  }
  if (config.tls) {
    require(config.tls->cert_file.is_given() && config.tls->key_file.is_given());
    // Client names have no meaning if no certificate is required.
    require(!config.tls->client_allowed_sans ||
            config.tls->client_auth == ClientAuth::kRequireAny ||
            config.tls->client_auth == ClientAuth::kRequireAndVerify);
  }
  require(!summary(config).empty());
  return 0;
}
