#include "cloud/http.h"

namespace taskwatchd {

const std::string* HttpReply::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return &value;
  }
  return nullptr;
}

}  // namespace taskwatchd
