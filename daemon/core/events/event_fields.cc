#include "core/events/event_fields.h"

namespace taskwatchd {

const FieldValue* find_field(const Event& event, std::string_view name) {
  for (const Field& field : event.fields) {
    if (field.name == name) return &field.value;
  }
  return nullptr;
}

std::string_view text_field(const Event& event, std::string_view name) {
  const FieldValue* const value = find_field(event, name);
  const auto* const text = value == nullptr ? nullptr : std::get_if<std::string>(value);
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

}  // namespace taskwatchd
