#include "credentials/credentials.h"
#include "ports.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace taskwatchd {
namespace {

constexpr Duration kLeastLife =
    std::chrono::seconds(1);      // between two fetches, even if the lifetime is shorter
constexpr double kJitter = 0.25;  // of the remaining lifetime at a renewal

// Keeps only the fields of the configuration that affect credentials.
AccountConfig key_parts(const AccountConfig& account) {
  AccountConfig parts;
  parts.name = account.name;
  parts.credentials = account.credentials;
  parts.proxy = account.proxy;
  parts.ca_file = account.ca_file;
  return parts;
}

bool has_new_problem(const std::vector<KeyCandidate>& before,
                     const std::vector<KeyCandidate>& after) {
  return std::any_of(after.begin(), after.end(), [&](const KeyCandidate& each) {
    return !each.problem.empty() && each.recipe.source != kKeyFilesSource &&
           std::find(before.begin(), before.end(), each) == before.end();
  });
}

}  // namespace

Credentials::Credentials(boost::asio::any_io_executor executor, FetchPorts ports, KeySource& files,
                         std::function<void(std::string)> warn)
    : executor_(std::move(executor)),
      ports_(ports),
      files_(files),
      places_(files, ports.local),
      warn_(std::move(warn)) {}

std::variant<Keys, KeyError> Credentials::keys(const AccountConfig& account) {
  const std::shared_ptr<Slot> shared = slot_of(account);
  Slot& slot = *shared;
  const Mono now = ports_.clock.now().mono;
  look(slot, now);
  if (const KeyCandidate* const place = at_once(slot)) {
    slot.held.reset();
    return place->recipe.keys;
  }
  const bool nothing_to_ask =
      std::all_of(slot.places.begin(), slot.places.end(),
                  [](const KeyCandidate& place) { return !place.problem.empty(); });
  if (nothing_to_ask && !slot.held) {
    std::string notes;
    for (const KeyCandidate& place : slot.places) {
      notes += (notes.empty() ? "" : "; ") + place.problem;
    }
    return KeyError{complaint(slot, notes)};
  }
  if (slot.held && now >= slot.held->ends_at) slot.held.reset();
  const bool due =
      !slot.held || slot.suspect || now >= slot.held->renew_at || now >= slot.held->earlier_at ||
      std::find(slot.places.begin(), slot.places.end(), slot.held->from) == slot.places.end();
  if (due && !slot.fetching && now >= slot.next_try) start(shared);
  if (slot.held && !slot.mending) return slot.held->keys;
  // A failure is reported until a fetch succeeds; a new attempt does not change that.
  const bool pending = slot.fetching && (slot.mending || slot.error.empty());
  return KeyError{complaint(slot, pending ? "temporary credentials are being fetched" : slot.error),
                  pending};
}

bool Credentials::refused(const AccountConfig& account, const Keys& keys) {
  const std::shared_ptr<Slot> slot = slot_of(account);
  if (!slot->held) {
    if (slot->fetching) return true;
    const Mono now = ports_.clock.now().mono;
    const KeyCandidate* const place = at_once(*slot);
    if (place == nullptr) return false;
    // Credentials on this host: check whether they have changed just now.
    const bool changed = files_.refused(slot->account, keys);
    slot->looked_at.reset();
    look(*slot, now);
    const KeyCandidate* const fresh = at_once(*slot);
    return changed || (fresh != nullptr && !(fresh->recipe.keys == keys));
  }
  // the rejected call used older credentials
  if (!(slot->held->keys == keys) || slot->mending) return true;
  const Mono now = ports_.clock.now().mono;
  if (slot->mended_at) {
    const Duration since = now - *slot->mended_at;
    if (since < slot->mend_pause) return false;
    slot->mend_pause = since >= 2 * kLongestMendPause
                           ? kMendPause
                           : std::min(2 * slot->mend_pause, kLongestMendPause);
  }
  slot->mended_at = now;
  slot->suspect = slot->mending = true;
  if (!slot->fetching) start(slot);
  return true;
}

void Credentials::keep_only(const Config& config) {
  std::erase_if(slots_, [&](const auto& entry) {
    return std::none_of(config.accounts.begin(), config.accounts.end(),
                        [&](const AccountConfig& account) { return account.name == entry.first; });
  });
}

std::shared_ptr<Credentials::Slot> Credentials::slot_of(const AccountConfig& account) {
  std::shared_ptr<Slot>& slot = slots_[account.name];
  const bool same = slot && slot->account.credentials == account.credentials &&
                    slot->account.proxy == account.proxy &&
                    slot->account.ca_file == account.ca_file;
  // A running fetch for the old configuration ends in a slot that is no longer used.
  if (!same) {
    slot = std::make_shared<Slot>();
    slot->account = key_parts(account);
  }
  return slot;
}

void Credentials::look(Slot& slot, Mono now) {
  if (slot.looked_at && now - *slot.looked_at < kLookInterval) return;
  std::vector<KeyCandidate> places = places_.look(slot.account, ports_.clock.now().wall);
  const bool first = !slot.looked_at && slot.places.empty();
  slot.looked_at = now;
  if (!first && now - slot.good_at < kGrace && has_new_problem(slot.places, places)) return;
  slot.good_at = now;
  const bool changed = !(places == slot.places);
  slot.places = std::move(places);
  // A new source earlier in the chain than the one in use is tried at once.
  const bool behind =
      slot.held && !slot.places.empty() && !(slot.held->from == slot.places.front());
  if (changed && behind) slot.held->earlier_at = std::min(slot.held->earlier_at, now);
}

// Returns the first source without a problem, if its credentials are available locally.
const KeyCandidate* Credentials::at_once(const Slot& slot) const {
  for (const KeyCandidate& place : slot.places) {
    if (!place.problem.empty()) continue;
    return place.recipe.kind == KeyRecipe::Kind::kKeys ? &place : nullptr;
  }
  return nullptr;
}

void Credentials::start(const std::shared_ptr<Slot>& slot) {
  slot->fetching = true;
  spawn(executor_, fetch(slot));
}

// Tries the sources in the chain's order. Valid credentials are not replaced by those of a later
// source: these may belong to another account.
Awaitable<void> Credentials::fetch(std::shared_ptr<Slot> slot) {
  const std::vector<KeyCandidate> places = slot->places;
  std::string notes;
  for (const KeyCandidate& place : places) {
    std::string problem = place.problem;
    // Evaluated again after each wait: the credentials may have expired meanwhile.
    const auto is_held = [&] { return slot->held && slot->held->from == place; };
    const Mono now = ports_.clock.now().mono;
    if (is_held() && !slot->suspect && now < slot->held->renew_at) {
      // No earlier source works.
      slot->held->earlier_at = now + kFallbackTime;
      slot->fetching = false;
      co_return;
    }
    if (problem.empty()) {
      FetchSettings settings{.metadata_url = places_.metadata_url(),
                             .metadata_v1 = places_.metadata_v1(),
                             .ca_file = slot->account.ca_file,
                             .proxy = slot->account.proxy};
      KeyRecipe recipe = place.recipe;
      FetchResult result = co_await fetch_keys(ports_, std::move(settings), std::move(recipe));
      if (auto* fetched = std::get_if<FetchedKeys>(&result)) {
        take(*slot, std::move(*fetched), place, &place == &places.front());
        co_return;
      }
      problem = std::get<std::string>(std::move(result));
    }
    notes += (notes.empty() ? "" : "; ") + problem;
    if (is_held() && ports_.clock.now().mono < slot->held->ends_at) break;
  }
  fail(*slot, std::move(notes));
}

void Credentials::take(Slot& slot, FetchedKeys fetched, const KeyCandidate& from, bool first) {
  const Mono now = ports_.clock.now().mono;
  Held held{std::move(fetched.keys), from};
  if (fetched.life) {
    const Duration ahead = std::min(kRenewAhead, *fetched.life / 5);
    const Duration jitter = from_seconds(seconds(ahead) * kJitter * chance());
    held.ends_at = now + *fetched.life;
    held.renew_at = now + std::max(kLeastLife, *fetched.life - ahead - jitter);
  }
  if (!first) held.earlier_at = now + kFallbackTime;
  slot.held = std::move(held);
  slot.fetching = false;
  slot.suspect = slot.mending = false;
  slot.failures = 0;
  slot.error.clear();
  // Whatever expiry a source returns, there is a pause between fetches.
  slot.next_try = fetched.life ? now + kLeastLife : Mono::min();
}

void Credentials::fail(Slot& slot, std::string error) {
  const Mono now = ports_.clock.now().mono;
  const double pause = std::min(seconds(kLongestPause),
                                seconds(kFirstPause) * std::exp2(std::min(slot.failures, 16)));
  ++slot.failures;
  slot.next_try = now + from_seconds(pause * (0.5 + 0.5 * chance()));
  slot.fetching = false;
  slot.mending = false;
  const bool news = slot.error.empty() && slot.held;
  slot.error = std::move(error);
  if (!news || !warn_) return;
  warn_("account `" + slot.account.name +
        "`: could not refresh temporary credentials; using the current ones until they expire, "
        "retrying: " +
        slot.error);
}

std::string Credentials::complaint(const Slot& slot, const std::string& notes) const {
  const std::string who = "account `" + slot.account.name + "`: ";
  const CredentialsConfig& wanted = slot.account.credentials;
  if (wanted.has_keys() || !wanted.ecs_ram_role.empty()) return who + notes;
  return who +
         "no credentials: set `credentials` in the configuration, or set "
         "ALIBABA_CLOUD_ACCESS_KEY_ID and "
         "ALIBABA_CLOUD_ACCESS_KEY_SECRET" +
         (notes.empty() ? "" : ": " + notes);
}

double Credentials::chance() {
  return static_cast<double>(ports_.entropy.next() >> 11) * 0x1p-53;  // [0, 1)
}

}  // namespace taskwatchd
