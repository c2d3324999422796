#include "cloud/result_file.h"

#include <optional>
#include <variant>

#include "cloud/result_csv.h"
#include "cloud/result_json.h"
#include "cloud/result_parts.h"
#include "cloud/result_text.h"
#include "cloud/result_unpack.h"
#include "cloud/result_xlsx.h"

namespace taskwatchd {
namespace {

// One decoding stage of a file: its bytes, and how to release them once the next stage exists.
struct Stage {
  std::string_view bytes;
  const ReleaseBytes& release;
};

ResultFormat refuse(ResultTally& tally, std::string problem) {
  tally.fail(std::move(problem));
  return ResultFormat::kUnknown;
}

ResultFormat read_text(const Stage& stage, ResultTally& tally) {
  std::string converted;
  const auto found = result_text(stage.bytes, tally.limits().expanded_bytes, converted);
  if (const auto* const problem = std::get_if<TextProblem>(&found)) {
    return refuse(tally, problem->words);
  }
  const std::string_view text = std::get<std::string_view>(found);
  if (!converted.empty()) stage.release();
  std::size_t first = 0;
  while (const std::size_t size = edge_at(text, first)) first += size;
  if (first == text.size()) return refuse(tally, "the file is empty");
  if (text[first] == '<') return refuse(tally, "it is a web page or XML");
  if (text[first] == '[' || text[first] == '{') {
    return read_result_json(text.substr(first), tally);
  }
  return read_result_csv(text, tally);
}

ResultFormat read_packed(const Stage& stage, std::size_t packs, std::size_t& budget,
                         ResultTally& tally);

ResultFormat read_unpacked(std::variant<std::string, UnpackProblem> unpacked, std::size_t packs,
                           std::size_t& budget, ResultTally& tally) {
  if (auto* const problem = std::get_if<UnpackProblem>(&unpacked)) {
    return refuse(tally, std::move(problem->words));
  }
  auto& inner = std::get<std::string>(unpacked);
  const ReleaseBytes release = [&inner] { std::string().swap(inner); };
  return read_packed({inner, release}, packs + 1, budget, tally);
}

ResultFormat read_zip(const Stage& stage, std::size_t packs, std::size_t& budget,
                      ResultTally& tally) {
  std::variant<std::string, UnpackProblem> inner;
  {
    ZipArchive archive(stage.bytes, tally.limits());
    if (!archive.problem().empty()) return refuse(tally, archive.problem());
    if (is_xlsx(archive)) {
      read_result_xlsx(archive, budget, tally);
      return ResultFormat::kXlsx;
    }
    const std::vector<std::size_t> files = archive.plain_files();
    if (files.size() != 1) {
      return refuse(tally,
                    "the zip must contain exactly one file, not " + std::to_string(files.size()));
    }
    inner = archive.read(files.front(), budget);
  }
  stage.release();
  return read_unpacked(std::move(inner), packs, budget, tally);
}

ResultFormat read_packed(const Stage& stage, std::size_t packs, std::size_t& budget,
                         ResultTally& tally) {
  const bool gzip = is_gzip(stage.bytes);
  if (!gzip && !is_zip(stage.bytes)) return read_text(stage, tally);
  if (packs >= kResultPacks) return refuse(tally, "compressed more than twice");
  if (!gzip) return read_zip(stage, packs, budget, tally);
  auto inner = unpack_gzip(stage.bytes, budget);
  stage.release();
  return read_unpacked(std::move(inner), packs, budget, tally);
}

}  // namespace

DistributionResult read_result_file(std::string_view bytes, const ResultLimits& limits,
                                    const ReleaseBytes& release) {
  ResultTally tally(limits);
  std::size_t budget = limits.expanded_bytes;
  ResultFormat format = ResultFormat::kUnknown;
  const std::size_t size = bytes.size();
  if (size > limits.expanded_bytes) {
    tally.fail("the file is larger than the limit");
  } else {
    format = read_packed({bytes, release}, 0, budget, tally);
  }
  DistributionResult result = std::move(tally).take(format);
  result.bytes = size;
  return result;
}

}  // namespace taskwatchd
