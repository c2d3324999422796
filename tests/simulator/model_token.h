// NextToken: where a list of tasks continues. The token contains all that the platform needs, so it
// may be used again during its lifetime. Whether this is true for the real platform is not
// documented.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "simulator/model_ledger.h"

namespace iotsim {

struct PageToken {
  std::int64_t issued_us = 0;  // Now::mono_us
  bool is_offset = false;      // true: `offset` is used; false: `key`
  ListOrder order = ListOrder::kId;
  std::string list;  // the list; the token is invalid for any other list
  ListKey key;       // of the last returned row
  std::size_t offset = 0;
};

// Base64, + / and = included.
std::string write_token(const PageToken& token);
// Returns nullopt for a text that write_token did not create.
std::optional<PageToken> read_token(std::string_view text);

}  // namespace iotsim
