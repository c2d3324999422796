#include "io/event_log/event_log_message_ids.h"

#include <array>

namespace taskwatchd::event_log {
namespace {

constexpr std::array<MessageId, 39> kIds = {{
    {"task_transition", "115a17117c754739b49a681ce3020ba5"},
    {"task_baseline", "0b7bcae7473544e6ab54305d5cceef61"},
    {"job_baseline", "fbedbdc5a7cb4fc086a90e82ae22d1c6"},
    {"task_superseded", "d7c6664fb0fa4f54a124b6ed2f339533"},
    {"task_overdue", "cc92aab477a445f89dfa8526a1ed2d0f"},
    {"task_gone", "8d8d4a8285c0441faea03ad1fb9a0848"},
    {"job_transition", "6784fbe2b30143589133ff3d28b751ba"},
    {"job_stalled", "9c291a15513e4b5aa9beeadc19120fc8"},
    {"job_finished", "93b7dd5b51794403b22cc08dae67fc86"},
    {"distribution_transition", "e49c9ee656f84c90ae275d8ea0e6b1c7"},
    {"distribution_result", "088fae38a4ed4658bb1ef4a9d25e080e"},
    {"distribution_file_failed", "8512666d53504eba8329ef9d6e5ff0f6"},
    {"task_details", "48ff0718c0614fb48deb1d7e06573ce0"},
    {"blind_interval", "2f20ddc45de5494d903efc383493e721"},
    {"api_throttled", "cb302f51bd87442fbf54f960eee763b3"},
    {"common_quota_found", "3a01d9685b5e441387046ee89cc331d0"},
    {"endless_list", "ecf90a7f6fdd4660bce24582a17f95a4"},
    {"auth_failed", "f3a71f787e4d49c4a5f5e83248d15e58"},
    {"api_forbidden", "25c7c1804c884c07af8498414215261d"},
    {"account_unreachable", "e4bceb0370234753ba891dc1d631e686"},
    {"account_recovered", "47b173e0459e49c4be2decb964c9748f"},
    {"task_not_found", "4d9391d037a34f2f9a26c8227788419d"},
    {"task_refused", "3490cde1336b42d0aa46388d572f3bc9"},
    {"job_not_found", "a7841d46873f447a9b52035f1d029574"},
    {"job_refused", "71abf75cb4294d5f9e6344e3a6b7a025"},
    {"distribution_not_found", "ca9e94865dbc418b8e5e4c77f01610a0"},
    {"distribution_refused", "942ade9ae76e411180f15c1df52693d5"},
    {"started", "19f7bea9510249c1afa0bc9047952799"},
    {"stopping", "ae7ccc6e84d346f6a01f0e9130bbba8b"},
    {"config_reloaded", "f77bc78b0c7e4e319d7f535650f7a471"},
    {"config_reload_failed", "49e2bbe00303442b9d48ade0275e8435"},
    {"store_down", "0ad3229605ee4fb1a5cf50c8e90f37d8"},
    {"store_up", "cc3a590d8ba547bf9a28ff2b8f220d4e"},
    {"lease_acquired", "2e166d52788c4145bb8461788ab30bca"},
    {"lease_lost", "561bc54c2cdb454e9b92dc8c865719bc"},
    {"notify_failed", "376e6e23922b4d88a60d3425b40088e8"},
    {"notify_recovered", "09be0c2b3e5c4b99825b5932e96ea29e"},
    {"notify_dropped", "f59971cabb8c4a8c8d6052ee1110dbd4"},
    {"admin_action", "dc9a94978789418cbef98e25d39754e3"},
}};

}  // namespace

std::span<const MessageId> message_ids() {
  return kIds;
}

std::string_view message_id(std::string_view event) {
  for (const MessageId& known : kIds) {
    if (known.event == event) return known.id;
  }
  return {};
}

}  // namespace taskwatchd::event_log
