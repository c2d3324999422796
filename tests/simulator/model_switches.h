// How the platform behaves and misbehaves: named values, set at run time by /-/switch?name=value,
// by a scenario, or by its schedule. README.md explains each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace iotsim {

struct Switches {
  // Probabilities for a call to fail. The first one that applies is used, in this order.
  double drop = 0;              // connection closed without a byte
  double html = 0;              // HTML from a proxy
  double empty = 0;             // 200 with an empty body
  double server_error = 0;      // gateway error with server_error_status
  double throttled = 0;         // although the rate limit would allow the call
  double system_exception = 0;  // in-band iot.system.SystemException
  double wrong_task = 0;        // another task's response
  double broken_json = 0;       // a complete response whose text is invalid near its end
  double cut = 0;               // half the body
  double drip = 0;              // one byte per second
  // In addition to any of these.
  double slow = 0;   // delayed by slow_ms
  double stale = 0;  // the state of stale_ms ago

  std::int64_t server_error_status = 503;
  std::int64_t slow_ms = 5000;
  std::int64_t stale_ms = 5000;
  std::int64_t latency_ms = 0;         // every response
  std::int64_t clock_offset_ms = 0;    // the platform's clock minus the true one
  std::int64_t retry_after_ms = 0;     // x-acs-retry-after with throttling; 0: none, -1: exact
  std::int64_t in_band_status = 200;   // HTTP status of in-band failures
  double competitor = 0;               // another program's calls per second, for each API used
  std::int64_t common_quota = 0;       // calls per second over all APIs of an account; 0: no limit
  std::int64_t token_ms = 60'000;      // lifetime of a NextToken
  double refused_tokens = 0;           // share of calls whose NextToken is rejected
  bool single_use_tokens = false;      // a NextToken is accepted only once
  std::int64_t statistics_lag_ms = 0;  // QueryJobStatistics counts as of this long ago
  double list_skips = 0;               // share of rows left out of a list page
  double unknown_status = 0;           // share of tasks that show unknown_word, not IN_PROGRESS
  std::string unknown_word = "PAUSED";
  std::string window = "sliding";              // sliding, fixed, bucket
  std::string cut_kind = "length";             // length, bare
  std::string progress = "string";             // string, number: how JSON responses write it
  std::string page_order = "id";               // of ListTask: id, newest, oldest, mixed, per_list
  std::string token_kind = "key";              // key, offset: how a NextToken stores the position
  std::string endless_list = "off";            // off, same, fresh: NextTokens for ever
  std::string endless_job;                     // of this job only; empty: of all
  std::string statistics_case = "documented";  // documented, lower: first letters of the counts
  std::string hostile = "off";                 // texts that devices report
  std::string forbidden = "off";               // off, gateway (Forbidden.RAM), in_band
  std::string denied;                          // APIs without permission, separated by commas
  std::string denied_form = "gateway";         // gateway, in_band: how those are denied
  std::string result_file = "good";        // good, redirect, huge, slow, cut, html: at each fetch
  std::string result_format = "scenario";  // or a format, whatever the scenario says
  std::int64_t link_ms = 600'000;          // how long a link to a result file is valid
  bool link_once = false;                  // and it is valid for one fetch only
  std::string only_account;                // faults and throttling switches hit this account only
  std::string only_api;                    // and this API only
  std::string inactive_key;                // id of an AccessKey that is disabled
  std::string session_fault = "off";       // of the services that issue temporary credentials
  std::string session_service = "all";     // all, sts, metadata, uri: the affected ones
  std::string metadata_version = "any";    // any, v1 (has no tokens), v2 (requires tokens)
  std::int64_t session_seconds = 0;        // lifetime of temporary credentials; 0: as requested
  bool get_only = false;                   // POST: UnsupportedHTTPMethod
  bool success_text = false;               // "Success":"true" instead of true
  bool xml_errors = false;                 // gateway errors in XML even for clients that want JSON
  bool overdue = false;                    // in-band Iot.system.BillIsOverDue
  bool signature_check = true;             // off: saves the HMACs of a long simulation
  bool progress_bumps_modified = false;    // a progress report changes UtcModified
};

// Returns whether `name` is in `list`, which is separated by commas.
bool is_named(std::string_view list, std::string_view name);

// Sets one switch by its name. Returns an error message, or nullopt.
std::optional<std::string> set_switch(Switches& switches, std::string_view name,
                                      std::string_view value);
// Returns all switches with their values, in the order above.
std::vector<std::pair<std::string, std::string>> list_switches(const Switches& switches);

// A switch that is set automatically, this long after the world began.
struct TimedSwitch {
  std::int64_t after_ms = 0;
  std::string name;
  std::string value;
};

}  // namespace iotsim
