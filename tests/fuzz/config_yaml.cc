// Reads any text as a configuration, which gives a Config or errors with positions, and as a task
// file and a duration.
#include "config/duration.h"
#include "config/parse.h"
#include "config/task_file.h"
#include "fuzz_input.h"

using namespace taskwatchd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  ParseContext context;
  context.file = "f.yaml";
  context.directory = "/etc/taskwatchd";
  context.state_directory = "/var/lib/taskwatchd";
  const ConfigResult result = parse_config(text, context);
  if (const auto* errors = std::get_if<std::vector<ConfigError>>(&result)) {
    require(!errors->empty());
    for (const ConfigError& error : *errors) {
      require(error.line >= 0 && error.column >= 0 && !error.message.empty());
    }
  } else {
    require(!std::get<Config>(result).accounts.empty());
  }
  for (const std::string& task : parse_task_file(text, "t.txt").tasks) require(is_valid_id(task));
  const std::optional<Duration> duration = parse_duration(text);
  require(!duration || *duration >= Duration::zero());
  return 0;
}
