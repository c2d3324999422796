// How the cloud behaves and misbehaves: plain values with names, set at run time by
// /-/switch?name=value, by a scenario, or by its schedule. README.md explains each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace iotsim {

struct Switches {
  // Probabilities for a call to go wrong. The first that hits is taken, in this order.
  double drop = 0;              // connection closed without a byte
  double html = 0;              // a proxy's page
  double empty = 0;             // 200 with an empty body
  double server_error = 0;      // gateway error with server_error_status
  double throttled = 0;         // refused though the window would let it pass
  double system_exception = 0;  // in-band iot.system.SystemException
  double wrong_task = 0;        // another task's reply
  double broken_json = 0;       // a whole reply whose text is broken near its end
  double cut = 0;               // half the body
  double drip = 0;              // one byte a second
  // And on top of any of these.
  double slow = 0;   // delayed by slow_ms
  double stale = 0;  // the state of stale_ms ago

  std::int64_t server_error_status = 503;
  std::int64_t slow_ms = 5000;
  std::int64_t stale_ms = 5000;
  std::int64_t latency_ms = 0;         // every reply
  std::int64_t clock_offset_ms = 0;    // the cloud's clock less the true one
  std::int64_t retry_after_ms = 0;     // x-acs-retry-after with throttling; 0: none, -1: exact
  std::int64_t in_band_status = 200;   // HTTP status of in-band failures
  double competitor = 0;               // another program's calls a second, for each API used
  std::int64_t common_quota = 0;       // calls a second over all APIs of an account; 0: no such
  std::int64_t token_ms = 60'000;      // how long a NextToken lives
  double refused_tokens = 0;           // share of calls with a NextToken that refuse it
  bool single_use_tokens = false;      // a NextToken is taken once only
  std::int64_t statistics_lag_ms = 0;  // QueryJobStatistics counts as of this long ago
  double list_skips = 0;               // a row is left out of a page, this time
  double unknown_status = 0;           // share of tasks that show unknown_word, not IN_PROGRESS
  std::string unknown_word = "PAUSED";
  std::string window = "sliding";              // sliding, fixed, bucket
  std::string cut_kind = "length";             // length, bare
  std::string progress = "string";             // string, number: how JSON replies write it
  std::string page_order = "id";               // of ListTask: id, newest, oldest, mixed, per_list
  std::string token_kind = "key";              // key, offset: where a NextToken goes on
  std::string endless_list = "off";            // off, same, fresh: NextTokens for ever
  std::string endless_job;                     // of this job only; empty: of all
  std::string statistics_case = "documented";  // documented, lower: first letters of the counts
  std::string hostile = "off";                 // what devices say
  std::string forbidden = "off";               // off, gateway (Forbidden.RAM), in_band
  std::string denied;                          // APIs without permission, by commas
  std::string denied_form = "gateway";         // gateway, in_band: how those are refused
  std::string result_file = "good";        // good, redirect, huge, slow, cut, html: when fetched
  std::string result_format = "scenario";  // or a format, whatever the scenario says
  std::int64_t link_ms = 600'000;          // how long a link to a result file is valid
  bool link_once = false;                  // and it is good for one fetch only
  std::string only_account;                // faults and throttling switches hit this account only
  std::string only_api;                    // and this API only
  std::string inactive_key;                // an access key id that is disabled
  std::string session_fault = "off";       // of what hands out temporary keys
  std::string session_service = "all";     // all, sts, metadata, uri: whom it hits
  std::string metadata_version = "any";    // any, v1 (knows no tokens), v2 (wants them)
  std::int64_t session_seconds = 0;        // how long sessions last; 0: as asked for
  bool get_only = false;                   // POST: UnsupportedHTTPMethod
  bool success_text = false;               // "Success":"true" instead of true
  bool xml_errors = false;                 // gateway errors in XML even for clients that want JSON
  bool overdue = false;                    // in-band Iot.system.BillIsOverDue
  bool signature_check = true;             // off: saves the HMACs of a long simulation
  bool progress_bumps_modified = false;    // a progress report changes UtcModified
};

// Whether `name` is one of those in `list`, which commas separate.
bool is_named(std::string_view list, std::string_view name);

// Sets one by its name. Returns what is wrong, or nothing.
std::optional<std::string> set_switch(Switches& switches, std::string_view name,
                                      std::string_view value);
// All of them with their values, in the order above.
std::vector<std::pair<std::string, std::string>> list_switches(const Switches& switches);

// A switch that turns by itself, this long after the world began.
struct TimedSwitch {
  std::int64_t after_ms = 0;
  std::string name;
  std::string value;
};

}  // namespace iotsim
