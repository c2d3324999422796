// NextToken: where a list of tasks goes on. All that the cloud must know is in the token itself, so
// it may be used again while it lives; whether the real one may is documented nowhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "simulator/model_ledger.h"

namespace iotsim {

struct PageToken {
  std::int64_t issued_us = 0;  // Now::mono_us
  bool is_offset = false;      // `offset` counts, else `key`
  ListOrder order = ListOrder::kId;
  std::string list;  // what is listed: a token fits no other list
  ListKey key;       // of the last row shown
  std::size_t offset = 0;
};

// Base64, + / and = included.
std::string write_token(const PageToken& token);
// Nothing for a text that write_token did not make.
std::optional<PageToken> read_token(std::string_view text);

}  // namespace iotsim
