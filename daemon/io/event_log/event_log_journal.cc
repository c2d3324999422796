#include "io/event_log/event_log_journal.h"

// Otherwise every entry would have this file and line as its location.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <utility>

#include "core/events/device_text.h"
#include "io/event_log/event_log_message_ids.h"
#include "io/event_log/event_log_writer.h"

namespace taskwatchd::event_log {
namespace {

constexpr const char* kSocket = "/run/systemd/journal/socket";
constexpr std::size_t kNameBytes = 64;  // the journal rejects longer field names

// Returns the syslog priority.
std::string priority(Level level) {
  switch (level) {
    case Level::kDebug:
      return "7";
    case Level::kInfo:
      return "6";
    case Level::kWarn:
      return "4";
    case Level::kError:
      return "3";
  }
  return "3";
}

// The journal accepts A-Z, 0-9 and _; a name must not begin with _ (reserved) or a digit.
std::string field_name(std::string_view name) {
  constexpr std::array<std::string_view, 7> kTaken = {
      "MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "EVENT", "MESSAGE_ID", "EVENT_ID", "EVENT_TIME"};
  std::string upper;
  for (const char c : name) {
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    const bool digit = c >= '0' && c <= '9';
    upper += letter ? static_cast<char>(c & ~0x20) : digit ? c : '_';
  }
  const bool taken = std::find(kTaken.begin(), kTaken.end(), upper) != kTaken.end();
  if (taken || upper.empty() || upper[0] < 'A' || upper[0] > 'Z') upper = "TASKWATCHD_" + upper;
  upper.resize(std::min(upper.size(), kNameBytes));
  return upper;
}

template <typename Number>
std::string number(Number value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return std::string(text.data(), end);
}

struct AddField {
  std::vector<std::string>& fields;
  const std::string& name;

  void add(const std::string& key, std::string_view value) const {
    fields.push_back(field_name(key) + "=" + escape_controls(value));
  }
  void operator()(const std::string& value) const { add(name, value); }
  void operator()(std::int64_t value) const { add(name, number(value)); }
  void operator()(double value) const { add(name, number(value)); }
  void operator()(bool value) const { add(name, value ? "true" : "false"); }
  void operator()(const StringList& values) const {
    std::string joined;
    for (const std::string& value : values) joined += (joined.empty() ? "" : ",") + value;
    add(name, joined);
  }
  void operator()(const StringMap& values) const {
    for (const auto& [key, value] : values) add(name + "_" + key, value);
  }
};

class JournalWriter : public Writer {
 public:
  bool write(const Event& event) override {
    const bool written = send(event);
    // Reported on stderr only: the log itself does not work.
    if (!written && !std::exchange(failing_, true)) {
      std::fputs(
          "taskwatchd: the journal does not take entries; events wait, other entries are "
          "lost. Start systemd-journald, or set --log.format=logfmt\n",
          stderr);
    } else if (written && std::exchange(failing_, false)) {
      std::fputs("taskwatchd: the journal takes entries again\n", stderr);
    }
    return written;
  }

 private:
  static bool send(const Event& event) {
    // Without a journal the library reports success and the entry is lost.
    if (::access(kSocket, F_OK) != 0) return false;
    std::vector<std::string> fields = journal_fields(event);
    std::vector<iovec> pieces;
    for (std::string& field : fields) pieces.push_back({field.data(), field.size()});
    return sd_journal_sendv(pieces.data(), static_cast<int>(pieces.size())) == 0;
  }

  bool failing_ = false;
};

}  // namespace

std::vector<std::string> journal_fields(const Event& event) {
  std::vector<std::string> fields = {
      "MESSAGE=" + escape_controls(event.msg),
      "PRIORITY=" + priority(event.level),
      "SYSLOG_IDENTIFIER=taskwatchd",
      "EVENT_TIME=" + rfc3339(event.ts),
  };
  if (!event.name.empty()) fields.push_back("EVENT=" + escape_controls(event.name));
  const std::string_view id = message_id(event.name);
  if (!id.empty()) fields.push_back("MESSAGE_ID=" + std::string(id));
  if (event.id != 0) fields.push_back("EVENT_ID=" + number(event.id));
  for (const Field& field : event.fields) std::visit(AddField{fields, field.name}, field.value);
  return fields;
}

std::unique_ptr<Writer> journal_writer() {
  return std::make_unique<JournalWriter>();
}

}  // namespace taskwatchd::event_log
