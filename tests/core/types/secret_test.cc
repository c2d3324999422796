#include "core/types/secret.h"

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <new>
#include <ostream>
#include <utility>

namespace taskwatchd {
namespace {

// A secret cannot be printed: each expression that compiled would be a way into a log.
template <typename T>
concept Streamable = requires(std::ostream& out, const T& value) {
  out << value;
};
static_assert(Streamable<std::string> && !Streamable<Secret> && !Streamable<Keys>);
static_assert(fmt::is_formattable<std::string>::value && !fmt::is_formattable<Secret>::value);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<std::string, Secret>);

const std::string kLong = "a secret that is longer than what a string keeps within itself";

TEST(Secret, RevealsWhatItWasGiven) {
  EXPECT_EQ(Secret("abc").reveal(), "abc");
  EXPECT_EQ(Secret(kLong).reveal(), kLong);
  EXPECT_TRUE(Secret().empty());
  EXPECT_FALSE(Secret("x").empty());
}

TEST(Secret, Compares) {
  EXPECT_EQ(Secret("abc"), Secret("abc"));
  EXPECT_FALSE(Secret("abc") == Secret("abd"));
  EXPECT_FALSE(Secret("abc") == Secret("ab"));
  EXPECT_EQ(Secret(), Secret(""));
}

TEST(Secret, CopiesAndMoves) {
  for (const std::string& text : {std::string("short"), kLong}) {
    Secret a(text);
    Secret b(a);
    EXPECT_EQ(a, b);
    const Secret c(std::move(b));
    EXPECT_EQ(c.reveal(), text);
    EXPECT_TRUE(b.empty()) << "what was moved from holds nothing";  // NOLINT: on purpose
    Secret d("other");
    d = a;
    EXPECT_EQ(d.reveal(), text);
    Secret e("other");
    e = std::move(a);
    EXPECT_EQ(e.reveal(), text);
    EXPECT_TRUE(a.empty());  // NOLINT: on purpose
    Secret& same = e;
    e = same;
    EXPECT_EQ(e.reveal(), text);
    e = std::move(same);
    EXPECT_EQ(e.reveal(), text);
  }
}

// A short secret is stored inside the object; the destructor must erase its bytes.
TEST(Secret, DestructorWipes) {
  alignas(Secret) std::byte place[sizeof(Secret)];
  auto* secret = new (place) Secret("CANARY-9!");
  ASSERT_NE(std::string_view(reinterpret_cast<const char*>(place), sizeof place).find("CANARY-9!"),
            std::string_view::npos);
  std::destroy_at(secret);
  asm volatile("" ::"r"(place) : "memory");  // makes the compiler assume that the bytes are read
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(place), sizeof place).find("CANARY"),
            std::string_view::npos);
}

// If a shorter secret replaces a long one, the rest of the old bytes must not remain.
TEST(Secret, AssignmentWipes) {
  Secret secret(kLong);
  const char* const bytes = secret.reveal().data();
  const std::size_t size = kLong.size();
  secret = Secret("x");
  ASSERT_EQ(secret.reveal().data(), bytes) << "the same buffer is used again";
  for (std::size_t i = 2; i < size; ++i) ASSERT_EQ(bytes[i], '\0') << i;
}

}  // namespace
}  // namespace taskwatchd
