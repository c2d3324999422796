#include "simulator/model_cloud.h"

#include <algorithm>

#include "simulator/model_text.h"

namespace iotsim {

struct ModelCloud::Turn {
  Now now;
  std::int64_t cloud_ms = 0;  // the platform's own clock, which may be wrong
  std::string host;
  std::string request_id;
  bool json = false;
  Call call;
  const Action* action = nullptr;
  Caller caller;
  const Instance* instance = nullptr;
  CallRecord record;
};

Response ModelCloud::handle(const Request& request, Now now) {
  apply_schedule(now);
  world_.progress_bumps_modified = switches.progress_bumps_modified;
  if (request.target.starts_with(ResultLinks::kPathPrefix)) {
    Response file = links_.fetch(request, world_, switches,
                                 {now.wall_ms + switches.clock_offset_ms, now.mono_us});
    file.delay_ms += switches.latency_ms;
    return file;
  }
  Turn turn;
  turn.now = now;
  turn.cloud_ms = now.wall_ms + switches.clock_offset_ms;
  turn.host = request.header("host").value_or("");
  turn.request_id = request_id(random_.next(), random_.next());
  turn.json = wants_json(request);
  turn.record.wall_ms = now.wall_ms;
  turn.record.mono_us = now.mono_us;
  turn.record.client = request.remote;
  Response response = answer(request, turn);
  response.delay_ms += switches.latency_ms;
  if (strikes(turn, switches.slow)) response.delay_ms += switches.slow_ms;
  turn.record.status = response.status;
  log_.add(std::move(turn.record), turn.action == nullptr ? 0 : quota_of(turn));
  return response;
}

Response ModelCloud::answer(const Request& request, Turn& turn) {
  if (const auto refusal = identify(request, turn)) return refuse(*refusal, turn);
  // The rate limit is checked first: a throttled call is throttled whatever else is wrong with it.
  if (const auto refusal = limit(turn)) return refuse(*refusal, turn);
  Response broken;
  if (strikes(turn, switches.drop)) {
    turn.record.code = "(drop)";
    broken.status = 0;
    broken.delivery = Delivery::kDropped;
    return broken;
  }
  if (strikes(turn, switches.html)) {
    turn.record.code = "(html)";
    broken.headers = {{"content-type", "text/html"}, {"date", http_date(turn.cloud_ms)}};
    broken.body =
        "<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>"
        "</form></body></html>";
    return broken;
  }
  if (strikes(turn, switches.empty)) {
    turn.record.code = "(empty)";
    broken.headers = {{"date", http_date(turn.cloud_ms)}};
    return broken;
  }
  if (strikes(turn, switches.server_error)) {
    const int status = static_cast<int>(switches.server_error_status);
    const bool busy = status == 503;
    return refuse({status, busy ? "ServiceUnavailable" : "InternalError",
                   busy ? "The request has failed due to a temporary failure of the server."
                        : "The request processing has failed due to some unknown error.",
                   false},
                  turn);
  }
  if (const auto refusal = permit(turn)) return refuse(*refusal, turn);
  if (const auto refusal = find_instance(turn)) return refuse(*refusal, turn);
  if (strikes(turn, switches.system_exception)) {
    return refuse({200, "iot.system.SystemException", "A system exception occurred.", true}, turn);
  }
  const std::int64_t age = strikes(turn, switches.stale) ? switches.stale_ms : 0;
  const std::string base = file_base.empty() ? "http://" + turn.host : file_base;
  ActionContext context{world_,
                        switches,
                        random_,
                        turn.call,
                        turn.caller,
                        turn.instance,
                        turn.now,
                        turn.now.wall_ms - age,
                        strikes(turn, switches.wrong_task),
                        links_,
                        used_tokens_,
                        base};
  ActionAnswer answer = turn.action->answer(context);
  if (const auto* const refusal = std::get_if<Refusal>(&answer)) return refuse(*refusal, turn);
  Response response = success(std::move(std::get<std::vector<Member>>(answer)), turn);
  damage(response, turn);
  return response;
}

std::optional<Refusal> ModelCloud::identify(const Request& request, Turn& turn) {
  const Refusal wrong_method{400, "UnsupportedHTTPMethod", "This http method is not supported.",
                             false};
  if (request.method != "GET" && request.method != "POST") return wrong_method;
  auto parsed = parse_call(request, switches.signature_check);
  if (const auto* const refusal = std::get_if<Refusal>(&parsed)) return *refusal;
  turn.call = std::move(std::get<Call>(parsed));
  const Action* const action = find_action(turn.call.action);
  if (action == nullptr || action->version != turn.call.version) {
    return Refusal{404, "InvalidAction.NotFound", "Specified api is not found.", false};
  }
  auto admitted = gate_.admit(turn.call, world_, switches, turn.cloud_ms);
  if (const auto* const refusal = std::get_if<Refusal>(&admitted)) return *refusal;
  turn.caller = std::get<Caller>(admitted);
  turn.action = action;
  turn.record.account = turn.caller.account->name;
  turn.record.api = turn.call.action;
  const std::string* const item = turn.call.parameter(action->item);
  if (item != nullptr) turn.record.task = *item;
  const std::string* const status = turn.call.parameter("Status");
  if (status != nullptr) turn.record.filter = *status;
  if (switches.get_only && request.method != "GET" && faults_apply(turn)) return wrong_method;
  return std::nullopt;
}

int ModelCloud::quota_of(const Turn& turn) const {
  const auto found = turn.caller.account->quota.find(turn.call.action);
  return found == turn.caller.account->quota.end() ? turn.action->quota : found->second;
}

std::optional<Refusal> ModelCloud::limit(Turn& turn) {
  const WindowKind kind = parse_window_kind(switches.window);
  RateWindow& window = windows_[{turn.record.account, turn.record.api}];
  const int quota = quota_of(turn);
  RateWindow& common = windows_[{turn.record.account, ""}];
  const auto common_quota = static_cast<int>(switches.common_quota);
  const std::int64_t now = turn.now.mono_us;
  if (faults_apply(turn)) {
    window.compete(now, switches.competitor, quota, kind);
    if (common_quota > 0) common.compete(now, switches.competitor, common_quota, kind);
  }
  // A call that one limit throttles does not count for the other limit.
  const bool passes = !strikes(turn, switches.throttled) &&
                      (common_quota == 0 || common.wait_us(now, common_quota, kind) == 0) &&
                      window.accept(now, quota, kind);
  if (passes) {
    if (common_quota > 0) common.accept(now, common_quota, kind);
    return std::nullopt;
  }
  turn.record.throttled = true;
  return Refusal{400, "Throttling.User", "Request was denied due to user flow control.", false};
}

std::optional<Refusal> ModelCloud::permit(const Turn& turn) const {
  const bool denied = turn.caller.account->denied.contains(turn.call.action) ||
                      (is_named(switches.denied, turn.call.action) && faults_apply(turn));
  const bool by_switch = switches.forbidden != "off" && faults_apply(turn);
  if (denied || by_switch) {
    if ((by_switch ? switches.forbidden : switches.denied_form) == "in_band") {
      return Refusal{200, "iot.common.RamActionPermissionDeny",
                     "RAM permission denied: iot:" + turn.call.action, true};
    }
    return Refusal{403, "Forbidden.RAM",
                   "User not authorized to operate on the specified resource, or this API doesn't "
                   "support RAM.",
                   false};
  }
  if (switches.overdue && faults_apply(turn)) {
    return Refusal{200, "Iot.system.BillIsOverDue", "The account has an overdue payment.", true};
  }
  return std::nullopt;
}

std::optional<Refusal> ModelCloud::find_instance(Turn& turn) {
  if (!turn.action->wants_instance) return std::nullopt;
  const std::string* const id = turn.call.parameter("IotInstanceId");
  const std::string* const region = turn.call.parameter("RegionId");
  for (const Instance& instance : world_.instances()) {
    if (instance.account == turn.caller.account->name && instance.id == (id ? *id : "") &&
        (region == nullptr || *region == instance.region)) {
      turn.instance = &instance;
      return std::nullopt;
    }
  }
  return Refusal{200, "iot.system.InstanceNotFound",
                 "The instance does not exist. Try again later.", true};
}

bool ModelCloud::faults_apply(const Turn& turn) const {
  return (switches.only_account.empty() || switches.only_account == turn.record.account) &&
         (switches.only_api.empty() || switches.only_api == turn.record.api);
}

bool ModelCloud::strikes(const Turn& turn, double probability) {
  return faults_apply(turn) && random_.chance(probability);
}

Response ModelCloud::refuse(const Refusal& refusal, Turn& turn) {
  turn.record.code = refusal.code;
  std::vector<Member> members;
  members.push_back({"RequestId", text_value(turn.request_id)});
  if (refusal.in_band) {
    members.push_back({"Success", switches.success_text ? text_value("false") : boolean(false)});
    members.push_back({"Code", text_value(refusal.code)});
    members.push_back({"ErrorMessage", text_value(refusal.message)});
    return write(static_cast<int>(switches.in_band_status), turn.call.action + "Response",
                 object(std::move(members)), turn.json, turn);
  }
  members.push_back({"HostId", text_value(turn.host)});
  members.push_back({"Code", text_value(refusal.code)});
  members.push_back({"Message", text_value(refusal.message)});
  Response response = write(refusal.http_status, "Error", object(std::move(members)),
                            turn.json && !switches.xml_errors, turn);
  if (turn.record.throttled && switches.retry_after_ms != 0) {
    std::int64_t wait_ms = switches.retry_after_ms;
    if (wait_ms < 0) {
      const WindowKind kind = parse_window_kind(switches.window);
      const auto common_quota = static_cast<int>(switches.common_quota);
      std::int64_t wait_us = windows_[{turn.record.account, turn.record.api}].wait_us(
          turn.now.mono_us, std::max(1, quota_of(turn)), kind);
      if (common_quota > 0) {
        wait_us = std::max(wait_us, windows_[{turn.record.account, ""}].wait_us(
                                        turn.now.mono_us, common_quota, kind));
      }
      wait_ms = std::max<std::int64_t>(1, (wait_us + 999) / 1000);
    }
    response.headers.emplace_back("x-acs-retry-after", std::to_string(wait_ms));
  }
  return response;
}

Response ModelCloud::success(std::vector<Member> members, Turn& turn) {
  members.insert(members.begin(), {"RequestId", text_value(turn.request_id)});
  members.push_back({"Success", switches.success_text ? text_value("true") : boolean(true)});
  turn.record.ok = true;
  return write(200, turn.call.action + "Response", object(std::move(members)), turn.json, turn);
}

Response ModelCloud::write(int status, std::string_view root, const Value& value, bool json,
                           Turn& turn) {
  Response response;
  response.status = status;
  response.headers = {
      {"date", http_date(turn.cloud_ms)},
      {"content-type", json ? "application/json;charset=utf-8" : "text/xml;charset=utf-8"},
      {"x-acs-request-id", turn.request_id}};
  response.body = json ? to_json(value) : to_xml(root, value);
  return response;
}

// Damages a successful response on its way to the client.
void ModelCloud::damage(Response& response, Turn& turn) {
  if (strikes(turn, switches.broken_json)) {
    response.body.replace(response.body.size() - 2, 2, response.body.ends_with("}") ? "e," : "<");
    turn.record.code = "(broken)";
  } else if (strikes(turn, switches.cut)) {
    const bool bare = switches.cut_kind == "bare";
    response.delivery = bare ? Delivery::kCutBare : Delivery::kCutLength;
    turn.record.code = "(cut)";
  } else if (strikes(turn, switches.drip)) {
    response.delivery = Delivery::kDripped;
    turn.record.code = "(drip)";
  }
  turn.record.ok = turn.record.code.empty();
}

void ModelCloud::schedule(TimedSwitch timed) {
  schedule_.push_back(std::move(timed));
  std::stable_sort(schedule_.begin(), schedule_.end(),
                   [](const auto& a, const auto& b) { return a.after_ms < b.after_ms; });
}

void ModelCloud::apply_schedule(Now now) {
  std::erase_if(schedule_, [&](const TimedSwitch& timed) {
    if (now.mono_us - began_us_ < timed.after_ms * 1000) return false;
    set_switch(switches, timed.name, timed.value);
    return true;
  });
}

}  // namespace iotsim
