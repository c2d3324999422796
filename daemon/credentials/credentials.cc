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
      sources_(files, ports.local),
      warn_(std::move(warn)) {}

std::variant<Keys, KeyError> Credentials::keys(const AccountConfig& account) {
  const std::shared_ptr<Slot> shared = slot_of(account);
  Slot& slot = *shared;
  const Mono now = ports_.clock.now().mono;
  find_sources(slot, now);
  if (const KeyCandidate* const candidate = at_once(slot)) {
    slot.cached.reset();
    return candidate->recipe.keys;
  }
  const bool has_no_source =
      std::all_of(slot.sources.begin(), slot.sources.end(),
                  [](const KeyCandidate& candidate) { return !candidate.problem.empty(); });
  if (has_no_source && !slot.cached) {
    std::string notes;
    for (const KeyCandidate& candidate : slot.sources) {
      notes += (notes.empty() ? "" : "; ") + candidate.problem;
    }
    return KeyError{complaint(slot, notes)};
  }
  if (slot.cached && now >= slot.cached->ends_at) slot.cached.reset();
  const bool due =
      !slot.cached || slot.suspect || now >= slot.cached->renew_at ||
      now >= slot.cached->earlier_at ||
      std::find(slot.sources.begin(), slot.sources.end(), slot.cached->from) == slot.sources.end();
  if (due && !slot.fetching && now >= slot.next_try) start(shared);
  if (slot.cached && !slot.renewing) return slot.cached->keys;
  // A failure is reported until a fetch succeeds; a new attempt does not change that.
  const bool pending = slot.fetching && (slot.renewing || slot.error.empty());
  return KeyError{complaint(slot, pending ? "temporary credentials are being fetched" : slot.error),
                  pending};
}

bool Credentials::refused(const AccountConfig& account, const Keys& keys) {
  const std::shared_ptr<Slot> slot = slot_of(account);
  if (!slot->cached) {
    if (slot->fetching) return true;
    const Mono now = ports_.clock.now().mono;
    const KeyCandidate* const candidate = at_once(*slot);
    if (candidate == nullptr) return false;
    // Credentials on this host: check whether they have changed just now.
    const bool changed = files_.refused(slot->account, keys);
    slot->checked_at.reset();
    find_sources(*slot, now);
    const KeyCandidate* const fresh = at_once(*slot);
    return changed || (fresh != nullptr && !(fresh->recipe.keys == keys));
  }
  // the rejected call used older credentials
  if (!(slot->cached->keys == keys) || slot->renewing) return true;
  const Mono now = ports_.clock.now().mono;
  if (slot->renewed_at) {
    const Duration since = now - *slot->renewed_at;
    if (since < slot->renewal_pause) return false;
    slot->renewal_pause = since >= 2 * kLongestRenewalPause
                              ? kRenewalPause
                              : std::min(2 * slot->renewal_pause, kLongestRenewalPause);
  }
  slot->renewed_at = now;
  slot->suspect = slot->renewing = true;
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

void Credentials::find_sources(Slot& slot, Mono now) {
  if (slot.checked_at && now - *slot.checked_at < kCheckInterval) return;
  std::vector<KeyCandidate> sources = sources_.find(slot.account, ports_.clock.now().wall);
  const bool first = !slot.checked_at && slot.sources.empty();
  slot.checked_at = now;
  if (!first && now - slot.good_at < kGrace && has_new_problem(slot.sources, sources)) return;
  slot.good_at = now;
  const bool changed = !(sources == slot.sources);
  slot.sources = std::move(sources);
  // A new source earlier in the chain than the one in use is tried at once.
  const bool behind =
      slot.cached && !slot.sources.empty() && !(slot.cached->from == slot.sources.front());
  if (changed && behind) slot.cached->earlier_at = std::min(slot.cached->earlier_at, now);
}

// Returns the first source without a problem, if its credentials are available locally.
const KeyCandidate* Credentials::at_once(const Slot& slot) const {
  for (const KeyCandidate& candidate : slot.sources) {
    if (!candidate.problem.empty()) continue;
    return candidate.recipe.kind == KeyRecipe::Kind::kKeys ? &candidate : nullptr;
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
  const std::vector<KeyCandidate> sources = slot->sources;
  std::string notes;
  for (const KeyCandidate& candidate : sources) {
    std::string problem = candidate.problem;
    // Evaluated again after each wait: the credentials may have expired meanwhile.
    const auto is_cached = [&] { return slot->cached && slot->cached->from == candidate; };
    const Mono now = ports_.clock.now().mono;
    if (is_cached() && !slot->suspect && now < slot->cached->renew_at) {
      // No earlier source works.
      slot->cached->earlier_at = now + kFallbackTime;
      slot->fetching = false;
      co_return;
    }
    if (problem.empty()) {
      FetchSettings settings{.metadata_url = sources_.metadata_url(),
                             .metadata_v1 = sources_.metadata_v1(),
                             .ca_file = slot->account.ca_file,
                             .proxy = slot->account.proxy};
      KeyRecipe recipe = candidate.recipe;
      FetchResult result = co_await fetch_keys(ports_, std::move(settings), std::move(recipe));
      if (auto* fetched = std::get_if<FetchedKeys>(&result)) {
        take(*slot, std::move(*fetched), candidate, &candidate == &sources.front());
        co_return;
      }
      problem = std::get<std::string>(std::move(result));
    }
    notes += (notes.empty() ? "" : "; ") + problem;
    if (is_cached() && ports_.clock.now().mono < slot->cached->ends_at) break;
  }
  fail(*slot, std::move(notes));
}

void Credentials::take(Slot& slot, FetchedKeys fetched, const KeyCandidate& from, bool first) {
  const Mono now = ports_.clock.now().mono;
  CachedKeys cached{std::move(fetched.keys), from};
  if (fetched.life) {
    const Duration ahead = std::min(kRenewAhead, *fetched.life / 5);
    const Duration jitter = from_seconds(seconds(ahead) * kJitter * random01());
    cached.ends_at = now + *fetched.life;
    cached.renew_at = now + std::max(kLeastLife, *fetched.life - ahead - jitter);
  }
  if (!first) cached.earlier_at = now + kFallbackTime;
  slot.cached = std::move(cached);
  slot.fetching = false;
  slot.suspect = slot.renewing = false;
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
  slot.next_try = now + from_seconds(pause * (0.5 + 0.5 * random01()));
  slot.fetching = false;
  slot.renewing = false;
  const bool is_new = slot.error.empty() && slot.cached;
  slot.error = std::move(error);
  if (!is_new || !warn_) return;
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

double Credentials::random01() {
  return static_cast<double>(ports_.entropy.next() >> 11) * 0x1p-53;  // [0, 1)
}

}  // namespace taskwatchd
