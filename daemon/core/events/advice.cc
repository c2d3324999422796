#include "core/events/advice.h"

#include <algorithm>
#include <cctype>

namespace taskwatchd {
namespace {

bool contains(const std::string& text, std::string_view part) {
  const auto equal = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), equal) != text.end();
}

// "the task id, ": the parameter of the call that may be mistyped.
std::string named_by(Api api) {
  switch (api) {
    case Api::kQueryTask:
      return "the task id, ";
    case Api::kListTask:
    case Api::kQueryJobStatistics:
    case Api::kQueryJob:
      return "the job id, ";
    case Api::kListJob:
      return "";
    case Api::kQueryDeviceDistributeJob:
    case Api::kQueryDeviceDistributeDetail:
      return "the distribution's id, ";
  }
  return "";
}

std::string remedy(Api api, const Failure& failure, const CallPlace& place) {
  const std::string account = "account " + place.account;
  switch (failure.reason) {
    case Reason::kThrottled:
      return "Other programs use the quota of " + account +
             " too, or it is lower than configured: lower quota or quota_share.";
    case Reason::kTimeout:
    case Reason::kUnreachable:
      return "Check the network, DNS and firewall towards " + place.endpoint +
             (place.instance.empty()
                  ? ", and distribution_endpoint."
                  : ", and the endpoint or region of instance " + place.instance + ".");
    case Reason::kTls:
      return "Check the clock and the certificate authorities; a private one goes into ca_file "
             "of " +
             (place.instance.empty() ? "an instance with the same endpoint"
                                     : "instance " + place.instance) +
             ".";
    case Reason::kServerError:
      return "The platform returned a server error. taskwatchd keeps retrying; if this lasts, "
             "check the Alibaba Cloud status page.";
    case Reason::kAuth:
      if (failure.code.starts_with("InvalidSecurityToken")) {
        return "The temporary credentials of " + account +
               " are rejected, new ones too: check the role and the service that issues them.";
      }
      return "Check access_key_id and the secret file of " + account +
             ": the AccessKey is wrong, disabled, deleted or expired.";
    case Reason::kForbidden:
      if (contains(failure.code, "AccessKeyDisabled")) {
        return "Enable the AccessKey of " + account +
               " in the RAM console, or configure another one.";
      }
      if (contains(failure.code, "RiskControl")) {
        return "Ask Alibaba Cloud why " + account + " is under risk control.";
      }
      return "Grant the RAM action iot:" + std::string(name(api)) +
             " on resource * to the credentials of " + account + ".";
    case Reason::kOverdue:
      return "Pay the overdue bill of " + account + ".";
    case Reason::kClockSkew:
      return "Set the clock of this host (NTP): it is more than 15 minutes off.";
    case Reason::kNotFound:
      if (place.instance.empty()) return "Check the distribution's id and its account.";
      return named_by(api).empty() ? "Check the region and the instance."
                                   : "Check " + named_by(api) + "its region and its instance.";
    case Reason::kBadRequest:
      if (place.instance.empty()) return "Check the distribution's id and distribution_endpoint.";
      if (contains(failure.code, "Instance")) {
        return place.has_instance_id ? "Check id and region of instance " + place.instance +
                                           " (console: instance overview)."
                                     : "Set the id of instance " + place.instance +
                                           " (console: instance overview), and check its region.";
      }
      return "Check " + (named_by(api).empty() ? "" : named_by(api) + "and ") +
             "region, endpoint and id of instance " + place.instance + ".";
    case Reason::kProtocol:
      return "The response is not as documented: check that " + place.endpoint +
             " is the IoT endpoint and that no proxy or portal responds in its place.";
  }
  return {};
}

}  // namespace

std::string advice(Api api, const Failure& failure, const CallPlace& place) {
  std::string text = std::string(name(api)) + " failed (" + std::string(name(failure.reason)) + ")";
  if (!failure.message.empty()) {
    text += ": " + failure.message;
  } else if (!failure.code.empty()) {
    text += ": " + failure.code;
  }
  if (text.back() != '.') text += '.';
  return text + ' ' + remedy(api, failure, place);
}

}  // namespace taskwatchd
