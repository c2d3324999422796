#include "pipeline/sink_access.h"

#include <algorithm>
#include <utility>

#include "notify/sink_secrets.h"

namespace taskwatchd {
namespace {

constexpr Duration kSendWithin = std::chrono::seconds(10);
constexpr std::size_t kMaxAnswer = std::size_t{64} * 1024;  // bytes
constexpr std::size_t kMaxFile = std::size_t{64} * 1024;    // bytes

// Reads a file with `parse`, which returns what is wrong with its text.
template <typename Parse>
std::string read(LocalSecrets& files, const std::string& path, Parse parse) {
  if (path.empty()) return {};
  const LocalText file = files.file(path, kMaxFile);
  const std::string problem = file.problem.empty() ? parse(file.text.reveal()) : file.problem;
  return problem.empty() ? problem : path + " " + problem;
}

}  // namespace

std::variant<SinkAccess, std::string> read_sink_access(LocalSecrets& files,
                                                       const SinkConfig& config) {
  SinkAccess access;
  access.url = Secret(config.url);
  std::string problem = read(files, config.url_file, [&](const std::string& text) {
    SinkUrl parsed = parse_sink_url(text);
    access.url = std::move(parsed.url);
    return std::move(parsed.problem);
  });
  if (!problem.empty()) return problem;
  problem = read(files, config.secret_file, [&](const std::string& text) {
    SinkSecrets parsed = parse_sink_secrets(config.format, text);
    access.keys = std::move(parsed.keys);
    return std::move(parsed.problem);
  });
  if (!problem.empty()) return problem;
  problem = read(files, config.headers_file, [&](const std::string& text) {
    SinkHeaders parsed = parse_sink_headers(text);
    access.headers = std::move(parsed.headers);
    return std::move(parsed.problem);
  });
  if (!problem.empty()) return problem;
  return access;
}

void limit_sink_request(HttpRequest& request, const SinkConfig& config) {
  request.ca_file = config.ca_file;
  request.proxy = config.proxy;
  request.timeout = kSendWithin;
  request.body_limit = kMaxAnswer;
}

}  // namespace taskwatchd
