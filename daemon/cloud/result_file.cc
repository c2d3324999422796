#include "cloud/result_file.h"

#include <optional>
#include <variant>

#include "cloud/result_csv.h"
#include "cloud/result_json.h"
#include "cloud/result_text.h"
#include "cloud/result_unpack.h"
#include "cloud/result_xlsx.h"

namespace taskwatchd {
namespace {

ResultFormat read_text(std::string_view bytes, ResultTally& tally) {
  const std::optional<std::string> text = result_text(bytes);
  if (!text) {
    tally.fail("neither packed nor text that we can read");
    return ResultFormat::kUnknown;
  }
  const std::size_t first = text->find_first_not_of(" \t\r\n");
  if (first == std::string::npos) {
    tally.fail("the file is empty");
    return ResultFormat::kUnknown;
  }
  if ((*text)[first] == '<') {
    tally.fail("it is a web page or XML");
    return ResultFormat::kUnknown;
  }
  if (is_result_json(*text)) return read_result_json(*text, tally);
  if (is_result_csv(*text)) {
    read_result_csv(*text, tally);
    return ResultFormat::kCsv;
  }
  tally.fail("the first line names no device and code by one separator: " +
             describe_first_line(*text));
  return ResultFormat::kUnknown;
}

ResultFormat read_packed(std::string_view bytes, std::size_t packs, std::size_t& budget,
                         ResultTally& tally);

ResultFormat read_zip(std::string_view bytes, std::size_t packs, std::size_t& budget,
                      ResultTally& tally) {
  ZipArchive archive(bytes, tally.limits());
  if (!archive.problem().empty()) {
    tally.fail(archive.problem());
    return ResultFormat::kUnknown;
  }
  if (is_xlsx(archive)) {
    read_result_xlsx(archive, budget, tally);
    return ResultFormat::kXlsx;
  }
  if (archive.names().size() != 1) {
    tally.fail("the zip holds not one file but " + std::to_string(archive.names().size()));
    return ResultFormat::kUnknown;
  }
  const auto inner = archive.read(archive.names().front(), budget);
  if (const auto* const problem = std::get_if<UnpackProblem>(&inner)) {
    tally.fail(problem->words);
    return ResultFormat::kUnknown;
  }
  return read_packed(std::get<std::string>(inner), packs + 1, budget, tally);
}

ResultFormat read_packed(std::string_view bytes, std::size_t packs, std::size_t& budget,
                         ResultTally& tally) {
  const bool gzip = is_gzip(bytes);
  if (!gzip && !is_zip(bytes)) return read_text(bytes, tally);
  if (packs >= kResultPacks) {
    tally.fail("packed more often than twice");
    return ResultFormat::kUnknown;
  }
  if (!gzip) return read_zip(bytes, packs, budget, tally);
  const auto inner = unpack_gzip(bytes, budget);
  if (const auto* const problem = std::get_if<UnpackProblem>(&inner)) {
    tally.fail(problem->words);
    return ResultFormat::kUnknown;
  }
  return read_packed(std::get<std::string>(inner), packs + 1, budget, tally);
}

}  // namespace

DistributionResult read_result_file(std::string_view bytes, const ResultLimits& limits) {
  ResultTally tally(limits);
  std::size_t budget = limits.expanded_bytes;
  ResultFormat format = ResultFormat::kUnknown;
  if (bytes.size() > limits.expanded_bytes) {
    tally.fail("the file is larger than we read");
  } else {
    format = read_packed(bytes, 0, budget, tally);
  }
  DistributionResult result = std::move(tally).take(format);
  result.bytes = bytes.size();
  return result;
}

}  // namespace taskwatchd
