#include "core/events/account_events.h"

namespace taskwatchd {
namespace {

std::string event_of(Reason reason) {
  switch (reason) {
    case Reason::kAuth:
      return "auth_failed";
    case Reason::kForbidden:
    case Reason::kOverdue:
      return "api_forbidden";
    case Reason::kThrottled:
      return "api_throttled";
    case Reason::kTimeout:
    case Reason::kUnreachable:
    case Reason::kTls:
    case Reason::kServerError:
    case Reason::kClockSkew:
    case Reason::kNotFound:
    case Reason::kBadRequest:
    case Reason::kProtocol:
      return "account_unreachable";
  }
  return {};
}

Event begin(Wall at, Level level, std::string event_name, const std::string& account,
            std::string msg) {
  Event event;
  event.ts = at;
  event.level = level;
  event.name = std::move(event_name);
  event.msg = std::move(msg);
  event.fields = {{"account", account}};
  return event;
}

// The distribution endpoint is not an instance.
void add_instance(Event& event, const std::string& instance) {
  if (!instance.empty()) event.add("iot_instance", instance);
}

void add_failure(Event& event, const Failure& failure) {
  event.add("reason", std::string(name(failure.reason)));
  if (!failure.code.empty()) event.add("code", failure.code);
  if (!failure.request_id.empty()) event.add("request_id", failure.request_id);
}

Event about_item(Wall at, const std::string& account, const Call& call, const Failure& failure,
                 const std::string& advice, const std::string& what) {
  const std::string noun(call.noun());
  std::string msg = call.item().empty() ? advice : noun + ' ' + call.item() + ": " + advice;
  Event event = begin(at, Level::kWarn, noun + what, account, std::move(msg));
  add_instance(event, call.iot_instance);
  if (!call.item().empty()) event.add(noun + "_id", call.item());
  if (call.api != Api::kQueryTask) event.add("action", std::string(name(call.api)));
  add_failure(event, failure);
  return event;
}

}  // namespace

bool concerns_account(Reason reason) {
  return event_of(reason) != "account_unreachable";
}

Event call_failed(Wall at, const std::string& account, const std::string& instance, Api api,
                  const Failure& failure, std::string msg) {
  Event event = begin(at, Level::kWarn, event_of(failure.reason), account, std::move(msg));
  add_instance(event, instance);
  event.add("action", std::string(name(api)));
  add_failure(event, failure);
  return event;
}

Event item_not_found(Wall at, const std::string& account, const Call& call, const Failure& failure,
                     const std::string& advice) {
  return about_item(at, account, call, failure, advice, "_not_found");
}

Event item_refused(Wall at, const std::string& account, const Call& call, const Failure& failure,
                   const std::string& advice) {
  return about_item(at, account, call, failure, advice, "_refused");
}

Event account_recovered(Wall at, const std::string& account, const std::string& instance, Api api) {
  Event event = begin(at, Level::kWarn, "account_recovered", account,
                      "account " + account + ": " + std::string(name(api)) + " succeeds again");
  add_instance(event, instance);
  event.add("action", std::string(name(api)));
  return event;
}

Event no_keys(Wall at, const std::string& account, std::string why) {
  return begin(at, Level::kWarn, "auth_failed", account, std::move(why));
}

Event common_quota_found(Wall at, const std::string& account, std::size_t limit) {
  const std::string number = std::to_string(limit);
  Event event =
      begin(at, Level::kInfo, "common_quota_found", account,
            "account " + account + ": all APIs seem to share a quota of " + number +
                " calls/s; `quota_total: " + number + "` in its configuration saves the search");
  event.add("calls_per_second", static_cast<std::int64_t>(limit));
  return event;
}

Event blind_interval(Wall at, const std::string& account, const BlindInterval& interval) {
  const std::string since = rfc3339(interval.since);
  const std::string until = rfc3339(interval.until);
  Event event =
      begin(at, Level::kWarn, "blind_interval", account,
            "monitoring gap of account " + account + ": unfinished tasks were not polled from " +
                since + " to " + until + "; transitions in the gap that were recorded late: " +
                std::to_string(interval.transitions));
  event.add("since", since);
  event.add("until", until);
  event.add("transitions", static_cast<std::int64_t>(interval.transitions));
  return event;
}

}  // namespace taskwatchd
