#include "config/ids.h"

#include <algorithm>
#include <array>
#include <string>

#include "config/parse.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kMaxIdBytes = 128;
constexpr std::size_t kMaxNameBytes = 64;
constexpr std::size_t kMaxRegionBytes = 63;  // a label of a host name

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";

constexpr std::string_view kArnBegin = "acs:ram::";
constexpr std::string_view kArnRole = ":role/";
constexpr std::size_t kMaxAccountDigits = 32;
constexpr std::size_t kMaxExternalIdBytes = 1224;

bool consists_of(std::string_view text, const std::string& characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

}  // namespace

bool is_valid_id(std::string_view text) {
  return !text.empty() && text.size() <= kMaxIdBytes &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return c > ' ' && c < 0x7F && c != '"' && c != '\\' && c != '#';
         });
}

bool is_account_name(std::string_view text) {
  static const std::string allowed = std::string(kLower).append(kUpper).append(kDigits) + "_-";
  return !text.empty() && text.size() <= kMaxNameBytes && consists_of(text, allowed);
}

bool is_region(std::string_view text) {
  static const std::string allowed = std::string(kLower).append(kDigits) + "-";
  return !text.empty() && text.size() <= kMaxRegionBytes && consists_of(text, allowed) &&
         text.front() != '-' && text.back() != '-';
}

bool is_label_name(std::string_view text) {
  static const std::string allowed = std::string(kLower).append(kUpper).append(kDigits) + "_";
  return !text.empty() && text.size() <= kMaxNameBytes && consists_of(text, allowed) &&
         kDigits.find(text.front()) == std::string_view::npos && !text.starts_with("__");
}

bool is_own_label(std::string_view text) {
  constexpr std::array<std::string_view, 17> kOwn = {
      "account",     "iot_instance", "job_id",          "task_id", "status",  "job_name",
      "product_key", "device_name",  "job_type",        "to",      "outcome", "confidence",
      "result",      "le",           "distribution_id", "job",     "instance"};
  return std::find(kOwn.begin(), kOwn.end(), text) != kOwn.end();
}

bool is_role_name(std::string_view text) {
  static const std::string allowed = std::string(kLower).append(kUpper).append(kDigits) + "._-";
  return !text.empty() && text.size() <= kMaxNameBytes && consists_of(text, allowed) &&
         text.find_first_not_of('.') != std::string_view::npos;
}

bool is_role_arn(std::string_view text) {
  if (!text.starts_with(kArnBegin)) return false;
  text.remove_prefix(kArnBegin.size());
  const std::size_t digits = text.find(kArnRole);
  return digits != std::string_view::npos && digits > 0 && digits <= kMaxAccountDigits &&
         consists_of(text.substr(0, digits), std::string(kDigits)) &&
         is_role_name(text.substr(digits + kArnRole.size()));
}

bool is_session_name(std::string_view text) {
  static const std::string allowed = std::string(kLower).append(kUpper).append(kDigits) + ".@_-";
  return text.size() >= 2 && text.size() <= kMaxNameBytes && consists_of(text, allowed);
}

bool is_external_id(std::string_view text) {
  static const std::string allowed =
      std::string(kLower).append(kUpper).append(kDigits) + "=,.@:/_-";
  return text.size() >= 2 && text.size() <= kMaxExternalIdBytes && consists_of(text, allowed);
}

bool is_session_duration(Duration duration) {
  return duration >= std::chrono::minutes(15) && duration <= std::chrono::hours(12);
}

}  // namespace taskwatchd
