#include "base/lookalikes.h"

#include <gtest/gtest.h>

namespace turntable {
namespace {

std::string fault(std::string_view text) {
  const auto found = lookalike_at(text);
  return found ? found->fault : "none";
}

TEST(Lookalikes, AreNamedWithWhatToWriteInstead) {
  EXPECT_EQ(fault("\u00A0x"),
            "a no-break space (U+00A0) stands here, which is not taken for a space: write a plain "
            "one");
  EXPECT_EQ(fault("\u2009"),
            "a space that is not the plain one (U+2009) stands here, which is not taken for a "
            "space: write a plain one");
  EXPECT_EQ(fault("\u200B"),
            "a zero-width space (U+200B) stands here, which cannot be seen: take it away");
  EXPECT_EQ(fault("\uFEFF"),
            "a byte order mark (U+FEFF) stands here, which cannot be seen: take it away");
  EXPECT_EQ(fault("\u201Cname\u201D"),
            "\u201C (U+201C) is no quote here: names stand between \" and texts between '");
  EXPECT_EQ(fault("\u2013 1"), "\u2013 (U+2013) is not -: write that");
  EXPECT_EQ(fault("\uFF0C"), "\uFF0C (U+FF0C) is not ,: write that");
}

TEST(Lookalikes, TakeAsManyBytesAsTheCharacterHas) {
  EXPECT_EQ(lookalike_at("\u00A0")->bytes, 2U);
  EXPECT_EQ(lookalike_at("\u00A0")->meant, ' ');
  EXPECT_EQ(lookalike_at("\u2019")->bytes, 3U);
  EXPECT_EQ(lookalike_at("\u2019")->meant, '\'');
  EXPECT_EQ(lookalike_at("\u202E")->meant, '\0');
}

TEST(Lookalikes, LettersOfOtherScriptsAreNone) {
  for (const char* text : {"", "a", " ", "\"", "\u00E9", "\u03B1", "\u0416", "\u4E2D", "\u00DF",
                           "\U0001F3B5", "\u2026", "\xC2", "\xE2\x80"})
    EXPECT_EQ(fault(text), "none") << text;
}

}  // namespace
}  // namespace turntable
