#include "io/files/result_files_keep.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

namespace taskwatchd {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPartBytes = 100;
constexpr std::string_view kEnd = ".raw";
constexpr std::string_view kDraft = ".draft-";

std::string escaped(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_';
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
    if (out.size() >= kPartBytes) break;
  }
  return out;
}

struct Kept {
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
  fs::file_time_type changed;
  fs::path path;
};

// Lists only files created by this class, sorted by number.
std::vector<Kept> list(const std::string& folder) {
  std::vector<Kept> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    std::error_code odd;
    if (!name.ends_with(kEnd) || !at->is_regular_file(odd)) continue;
    const std::string_view stem = std::string_view(name).substr(0, name.size() - kEnd.size());
    const std::string_view number = stem.substr(stem.rfind('.') + 1);
    Kept file;
    const auto [rest, failed] =
        std::from_chars(number.data(), number.data() + number.size(), file.number);
    if (failed != std::errc() || rest != number.data() + number.size()) continue;
    file.bytes = at->file_size(odd);
    file.changed = at->last_write_time(odd);
    file.path = at->path();
    if (!odd) files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end(),
            [](const Kept& a, const Kept& b) { return a.number < b.number; });
  return files;
}

std::string failure_text(const std::string& path, const char* what, int error) {
  return path + ": " + what + ": " + std::generic_category().message(error) +
         "; the directory of the state database must be writable and have free space";
}

}  // namespace

std::string result_file_name(const DistributionKey& key, std::uint64_t number) {
  return escaped(key.account) + '-' + escaped(key.distribution_id) + '.' + std::to_string(number) +
         std::string(kEnd);
}

std::variant<ResultFolder::Draft, std::string> ResultFolder::begin() {
  if (::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) {
    return failure_text(path_, "cannot be made", errno);
  }
  // Removes temporary files left by a crash.
  std::error_code error;
  for (fs::directory_iterator at(path_, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (at->path().filename().string().starts_with(kDraft)) fs::remove(at->path(), ignored);
  }
  sweep(limits_.files);
  Draft draft;
  draft.path = path_ + '/' + std::string(kDraft) + "XXXXXX";
  draft.file = ::mkostemp(draft.path.data(), O_CLOEXEC);  // with mode 0600
  if (draft.file < 0) return failure_text(path_, "cannot make a file in it", errno);
  return draft;
}

std::string ResultFolder::keep(const Draft& draft, const DistributionKey& key) {
  const std::vector<Kept> before = list(path_);
  const std::uint64_t number = before.empty() ? 1 : before.back().number + 1;
  const std::string path = path_ + '/' + result_file_name(key, number);
  if (::fsync(draft.file) != 0 || ::rename(draft.path.c_str(), path.c_str()) != 0) {
    const int error = errno;
    discard(draft);
    return failure_text(path_, "cannot keep a file in it", error);
  }
  sweep(limits_.files);
  return {};
}

void ResultFolder::discard(const Draft& draft) {
  ::unlink(draft.path.c_str());
}

void ResultFolder::sweep(std::size_t files) {
  const auto oldest = fs::file_time_type::clock::now() - limits_.age;
  std::vector<Kept> kept = list(path_);
  std::uint64_t bytes = 0;
  std::size_t count = 0;
  // From the newest to the oldest: keep files while they are within the limits.
  for (auto file = kept.rbegin(); file != kept.rend(); ++file) {
    bytes += file->bytes;
    const bool stays = ++count <= files && bytes <= limits_.bytes && file->changed >= oldest;
    std::error_code ignored;
    if (!stays) fs::remove(file->path, ignored);
  }
}

}  // namespace taskwatchd
