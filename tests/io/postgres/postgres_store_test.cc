#include "io/postgres/postgres_store.h"

#include "io/postgres/postgres_text.h"
#include "postgres_world.h"

namespace taskwatchd {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, StoreContract, PostgresWorld);

TEST(PostgresText, EveryByteComesBack) {
  for (const std::string& text :
       {std::string("plain"), std::string("zero\0byte", 9),
        std::string("\x1a"
                    "00"),
        std::string("bad \xff\xc3"), std::string("\xe6\x9b\xb4\xe6\x96\xb0")}) {
    const std::string stored = postgres::escaped(text);
    EXPECT_EQ(stored.find('\0'), stored.npos);
    EXPECT_EQ(postgres::unescaped(stored), text);
  }
  EXPECT_EQ(postgres::escaped("\xe6\x9b\xb4 as it is"), "\xe6\x9b\xb4 as it is");
  EXPECT_EQ(postgres::unescaped("\x1a"), "\x1a") << "written by another program";
}

}  // namespace
}  // namespace taskwatchd
