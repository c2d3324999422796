// Reads QueryDeviceDistributeJob and QueryDeviceDistributeDetail: the progress of a distribution,
// and the URL of its result file.
#include <limits>

#include "cloud/envelope.h"
#include "cloud/reply.h"
#include "cloud/reply_data.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kTargets = 64;             // target instances kept; more are ignored
constexpr std::size_t kUrlLimit = 8192;          // bytes
constexpr std::uint64_t kMaxMs = 4102444800000;  // the year 2100

// Documented as a number; a string of digits is accepted too, as other responses use strings.
void read_status(Members& data, DistributionReply& reply) {
  const auto value = data.find("Status");
  if (!value) {
    data.needed_text("Status");  // reports the missing member
    return;
  }
  std::int64_t number = -1;
  std::string_view text;
  if (value->get_int64().get(number) != simdjson::SUCCESS) {
    number = -1;
    const bool digit = value->get_string().get(text) == simdjson::SUCCESS && text.size() == 1 &&
                       text[0] >= '0' && text[0] <= '9';
    if (digit) number = text[0] - '0';
  }
  reply.status = parse_distribution_status(number);
  if (reply.status == DistributionStatus::kUnknown) {
    reply.status_text = keep(simdjson::minify(*value), kNameLimit);
  }
}

std::vector<std::string> read_targets(Members& data) {
  std::vector<std::string> targets;
  auto outer = data.inner("TargetInstanceConfigs");
  if (!outer) return targets;
  const auto list = outer->find_any_case("targetInstanceConfigs");
  simdjson::dom::array rows;
  if (!list || list->get_array().get(rows) != simdjson::SUCCESS) return targets;
  for (const auto row : rows) {
    simdjson::dom::object object;
    if (targets.size() == kTargets || row.get_object().get(object) != simdjson::SUCCESS) break;
    targets.push_back(Members(object).name_text("TargetInstanceId"));
  }
  return targets;
}

DistributionReply read_distribution(Members& data) {
  DistributionReply reply;
  reply.distribution_id = data.needed_id("JobId");
  read_status(data, reply);
  reply.product_key = data.name_text("ProductKey");
  reply.source_instance = data.name_text("SourceInstanceId");
  reply.target_instances = read_targets(data);
  const auto total = data.optional_count("Total", std::numeric_limits<std::uint32_t>::max());
  if (total) reply.total = static_cast<std::uint32_t>(*total);
  const auto created = data.optional_count("GmtCreate", kMaxMs);
  if (created) reply.created = Wall(std::chrono::milliseconds(*created));
  return reply;
}

}  // namespace

Outcome read_query_distribution(const HttpResult& result) {
  return read_data(result, read_distribution);
}

Outcome read_distribution_file(const HttpResult& result) {
  simdjson::dom::parser parser;
  const auto envelope = read_envelope(result, parser);
  if (const auto* failure = std::get_if<Failure>(&envelope)) return *failure;
  const auto& [whole, request_id] = std::get<Envelope>(envelope);
  Members outer(whole);
  const auto file = outer.find("File");
  std::string_view url;
  const bool is_text = file && file->get_string().get(url) == simdjson::SUCCESS;
  const bool wrong = (file && !is_text) || url.size() > kUrlLimit || !outer.error().empty();
  if (wrong) {
    return protocol_failure(std::get<HttpReply>(result), request_id, "File is not an address");
  }
  return DistributionFile{Secret(std::string(url))};
}

}  // namespace taskwatchd
