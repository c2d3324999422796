#include "io/http/gzip.h"

#include <gtest/gtest.h>

#include <random>

namespace taskwatchd {
namespace {

std::string joined(const PackedParts& parts) {
  std::string all;
  for (const auto& part : parts) all += *part;
  return all;
}

std::string unpacked(const PackedParts& parts) {
  std::string all;
  GzipUnpacker unpacker(parts);
  for (auto part = unpacker.next(); !part.empty(); part = unpacker.next()) all += part;
  return all;
}

PackedParts packed(std::string_view bytes, std::size_t step) {
  GzipPacker packer;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
    packer.add(bytes.substr(0, step));
  }
  return packer.finish();
}

std::string noise(std::size_t size) {
  std::mt19937_64 random(1);
  std::string bytes;
  while (bytes.size() < size) bytes += static_cast<char>(random());
  return bytes;
}

TEST(Gzip, PartByPartIsWhatItIsAtOnce) {
  const std::string text(300'000, 'x');
  EXPECT_TRUE(joined(packed(text, text.size())) == gzip(text));
  for (const std::string& bytes : {std::string(), std::string("a"), text, noise(1'500'000)}) {
    for (const std::size_t step : {1000u, 100'000u, 10'000'000u}) {
      const PackedParts parts = packed(bytes, step);
      EXPECT_TRUE(unpacked(parts) == bytes) << bytes.size() << " by " << step;
      EXPECT_TRUE(unpacked({std::make_shared<const std::string>(joined(parts))}) == bytes);
    }
  }
}

TEST(Gzip, PartsAreOfABoundedSize) {
  const PackedParts parts = packed(noise(1'500'000), 1'500'000);
  EXPECT_GE(parts.size(), 5u);
  for (const auto& part : parts) {
    EXPECT_LE(part->size(), 256u * 1024);
    EXPECT_FALSE(part->empty());
  }
  GzipUnpacker unpacker(parts);
  for (auto part = unpacker.next(); !part.empty(); part = unpacker.next()) {
    EXPECT_LE(part.size(), 64u * 1024);
  }
}

TEST(Gzip, WhatCannotBeUnpackedEnds) {
  const PackedParts good = packed(noise(500'000), 500'000);
  EXPECT_LT(unpacked({good[0]}).size(), 500'000u) << "cut";
  EXPECT_EQ(unpacked({std::make_shared<const std::string>("no gzip at all")}), "");
  EXPECT_EQ(unpacked({}), "");
}

}  // namespace
}  // namespace taskwatchd
