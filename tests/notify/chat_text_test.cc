#include "notify/chat_text.h"

#include <gtest/gtest.h>

#include "core/events/json.h"
#include "core/types/utf8.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kRoom = 4000;

TEST(ChatText, PlainTextIsUnchanged) {
  for (const char* text : {"battery low, 12 %", "升级失败：电量不足", "firmware 1.2.3 at 3.5 V", "",
                           "a/b-c; \"quoted\" 'x' = {1}", "wait... done.", "12:30:05"}) {
    EXPECT_EQ(chat_text(text, kRoom), text);
  }
}

TEST(ChatText, NobodyIsMentioned) {
  EXPECT_EQ(chat_text("@all", kRoom), "＠all");
  EXPECT_EQ(chat_text("<!channel> <@U012AB3CD>", kRoom), "＜！channel＞ ＜＠U012AB3CD＞");
  EXPECT_EQ(chat_text("<at user_id=\"all\">x</at>", kRoom), "＜at user＿id=\"all\"＞x＜/at＞");
}

TEST(ChatText, NoLinkAndNoMarkupIsMade) {
  EXPECT_EQ(chat_text("[x](http://evil.example/a)", kRoom), "［x］（http：／／evil．example/a）");
  EXPECT_EQ(chat_text("see www.x.com or 10.0.0.1/a", kRoom), "see www．x．com or 10．0．0．1/a");
  EXPECT_EQ(chat_text("例え.テスト", kRoom), "例え．テスト");
  EXPECT_EQ(chat_text("mailto:a@b.example", kRoom), "mailto:a＠b．example");
  EXPECT_EQ(chat_text("**b** _i_ ~s~ `c` # h | t > q &lt; \\ ![i]", kRoom),
            "＊＊b＊＊ ＿i＿ ～s～ ｀c｀ ＃ h ｜ t ＞ q ＆lt; ＼ ！［i］");
  EXPECT_EQ(chat_text("http:\\/\\/x.com", kRoom), "http:＼/＼/x．com");
}

TEST(ChatText, AMarkIsRecognisedAfterInvisibleCharactersWereRemoved) {
  // ":" and "//" with a zero-width space between: joined after its removal.
  EXPECT_EQ(chat_text("http:\xE2\x80\x8B//x.\xE2\x80\x8B"
                      "com",
                      kRoom),
            "http：／／x．com");
  EXPECT_EQ(chat_text("x.\x01"
                      "com",
                      kRoom),
            "x．com");
}

TEST(ChatText, ItIsOneLineWithoutControls) {
  EXPECT_EQ(chat_text("a\r\nb\tc\n\n\nd\xE2\x80\xA8"
                      "e",
                      kRoom),
            "a b c d e");
  EXPECT_EQ(chat_text("\x1b[31;1mred\x1b[0m \x1b]8;;http://x\x1b\\link\x1b]0;t\a!", kRoom),
            "red link！");
  EXPECT_EQ(chat_text("\xC2\x9B"
                      "2Jx\x1b",
                      kRoom),
            "x");
  EXPECT_EQ(chat_text("\x1b]unfinished", kRoom), "unfinished");
  // Right-to-left override and isolate, byte order mark, DEL, NUL.
  const std::string_view hidden(
      "a\xE2\x80\xAE"
      "b\xE2\x81\xA6"
      "c\xEF\xBB\xBF\x7F\0d",
      15);
  EXPECT_EQ(chat_text(hidden, kRoom), "abcd");
}

TEST(ChatText, InvalidBytesAreReplaced) {
  EXPECT_EQ(chat_text("a\xFF\xC3", kRoom), "a\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(chat_text("\xC0\xAF", kRoom), "\xEF\xBF\xBD\xEF\xBF\xBD");  // overlong "/"
}

TEST(ChatText, ItIsCutAtACharacter) {
  EXPECT_EQ(chat_text("1234567890", 10), "1234567890");
  EXPECT_EQ(chat_text("12345678901", 10), "1234567…");
  EXPECT_EQ(chat_text("电量不足了", 10), "电量…");
  EXPECT_EQ(chat_text("@@@@", 10), "＠＠…");
  EXPECT_EQ(chat_text("电量", 2), "");
  EXPECT_EQ(chat_text("电量", 0), "");
}

TEST(ChatText, AMegabyteIsBounded) {
  std::string hostile;
  while (hostile.size() < 1'000'000) hostile += "\x1b]@";  // never ends a command
  EXPECT_LE(chat_text(hostile, 256).size(), 256u);
  EXPECT_EQ(chat_text(std::string(1'000'000, '\n') + "x", 256), "x");
  EXPECT_EQ(chat_text(std::string(1'000'000, '1') + ".1.1.1", 256), std::string(253, '1') + "…");
}

TEST(ChatText, NoByteSurvivesThatAFormatReads) {
  // Every pair of ASCII characters, between letters: nothing that marks up or links is left.
  for (int first = 0; first < 128; ++first) {
    for (int second = 0; second < 128; ++second) {
      const std::string safe = chat_text(
          std::string("a") + static_cast<char>(first) + static_cast<char>(second) + "b", kRoom);
      ASSERT_EQ(safe.find_first_of("@<>[]()`*_~#|&\\!\n\r\x1b"), std::string::npos) << safe;
      ASSERT_EQ(safe.find("a.b"), std::string::npos) << first << ' ' << second;
    }
  }
}

std::size_t written_size(std::string_view text) {
  std::string json;
  append_quoted(json, text);
  return json.size() - 2;
}

TEST(JsonSize, ItIsWhatTheWriterWrites) {
  for (const std::string_view text :
       {std::string_view(""), std::string_view("plain"), std::string_view("a\"b\\c\nd\x1b\x7F"),
        std::string_view("\xFF电\xE2\x80\xAE\t\r"), std::string_view("\0", 1)}) {
    EXPECT_EQ(json_size(text), written_size(text));
  }
}

TEST(JsonSize, TheCutIsExactAndAtACharacter) {
  const std::string text =
      "a\"电\n\x01\xFF"
      "b\\";
  for (std::size_t limit = 0; limit <= 30; ++limit) {
    const std::string kept = cut_to_json_size(text, limit);
    EXPECT_LE(written_size(kept), limit);
    if (limit >= written_size(text)) {
      EXPECT_EQ(kept, text);
    }
  }
  EXPECT_EQ(cut_to_json_size("\n\n\n\n", 7), "\n\n…");
  EXPECT_EQ(cut_to_json_size("电电电", 8), "电…");
  EXPECT_EQ(cut_to_json_size("电电电", 2), "");
}

}  // namespace
}  // namespace taskwatchd
