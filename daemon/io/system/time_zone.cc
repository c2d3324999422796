#include "io/system/time_zone.h"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace taskwatchd {
namespace {

constexpr std::size_t kHeader = 44;  // bytes
constexpr std::size_t kMaxFile = std::size_t{1} << 20;

class ZoneBytes {
 public:
  explicit ZoneBytes(std::string_view bytes) : left_(bytes) {}

  // A signed big-endian number.
  std::int64_t number(std::size_t size) {
    std::uint64_t value = 0;
    const std::string_view bytes = take(size);
    for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
    if (size == 4) return static_cast<std::int32_t>(value);
    return static_cast<std::int64_t>(value);
  }
  std::string_view take(std::size_t size) {
    if (size > left_.size()) {
      cut_ = true;
      size = left_.size();
    }
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }
  bool is_cut() const { return cut_; }

 private:
  std::string_view left_;
  bool cut_ = false;
};

struct ZoneHeader {
  bool valid = false;
  char version = 0;
  std::size_t utc = 0, standard = 0, leaps = 0, times = 0, types = 0, chars = 0;

  std::size_t data(std::size_t time_size) const {
    return times * time_size + times + types * 6 + chars + leaps * (time_size + 4) + standard + utc;
  }
};

ZoneHeader read_header(ZoneBytes& bytes) {
  ZoneHeader header;
  ZoneBytes raw(bytes.take(kHeader));
  header.valid = raw.take(4) == "TZif";
  const std::string_view version = raw.take(1);
  header.version = version.empty() ? '\0' : version[0];
  raw.take(15);
  for (std::size_t* const count : {&header.utc, &header.standard, &header.leaps, &header.times,
                                   &header.types, &header.chars}) {
    const std::int64_t value = raw.number(4);
    header.valid = header.valid && value >= 0 && value < static_cast<std::int64_t>(kMaxFile);
    *count = static_cast<std::size_t>(std::max<std::int64_t>(value, 0));
  }
  header.valid = header.valid && !raw.is_cut();
  return header;
}

}  // namespace

std::optional<TimeZone> TimeZone::parse(std::string_view bytes) {
  ZoneBytes all(bytes);
  const ZoneHeader old = read_header(all);
  if (!old.valid || old.version < '2') return std::nullopt;
  all.take(old.data(4));
  const ZoneHeader header = read_header(all);
  if (!header.valid || header.types == 0) return std::nullopt;
  std::vector<std::int64_t> times;
  for (std::size_t i = 0; i < header.times; ++i) times.push_back(all.number(8));
  const std::string_view indices = all.take(header.times);
  std::vector<int> offsets;
  for (std::size_t i = 0; i < header.types; ++i) {
    offsets.push_back(static_cast<int>(all.number(4)));
    all.take(2);
  }
  if (all.is_cut()) return std::nullopt;
  TimeZone zone;
  zone.first_ = offsets.front();
  for (std::size_t i = 0; i < header.times; ++i) {
    const auto type = static_cast<unsigned char>(indices[i]);
    if (type >= offsets.size()) return std::nullopt;
    zone.changes_.push_back({times[i], offsets[type]});
  }
  return zone;
}

int TimeZone::offset(Wall at) const {
  const std::int64_t now = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
  const auto after =
      std::upper_bound(changes_.begin(), changes_.end(), now,
                       [](std::int64_t key, const Change& change) { return key < change.at; });
  const int seconds = after == changes_.begin() ? first_ : std::prev(after)->offset;
  return static_cast<int>(
      std::chrono::floor<std::chrono::minutes>(std::chrono::seconds(seconds)).count());
}

const std::optional<TimeZone>& TimeZones::zone(const std::string& name) {
  const auto [at, fresh] = zones_.try_emplace(name);
  if (fresh) {
    const std::string path = folder_ + "/" + name;
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) return at->second;
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (file && bytes.size() <= kMaxFile) at->second = TimeZone::parse(bytes);
  }
  return at->second;
}

bool TimeZones::knows(const std::string& name) {
  return zone(name).has_value();
}

int TimeZones::offset(const std::string& name, Wall at) {
  if (!name.empty()) {
    if (const auto& known = zone(name)) return known->offset(at);
  }
  const std::time_t now = std::chrono::system_clock::to_time_t(at);
  std::tm local{};
  if (::localtime_r(&now, &local) == nullptr) return 0;
  return static_cast<int>(local.tm_gmtoff / 60);
}

}  // namespace taskwatchd
