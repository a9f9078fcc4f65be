#include "base/number_form.h"

#include <gtest/gtest.h>

namespace turntable {
namespace {

TEST(NumberForm, TellsIntegersFractionsAndOtherText) {
  for (const char* text : {"0", "-0", "7", "-12", "12345678901234567890123"})
    EXPECT_EQ(number_form(text), NumberForm::integer) << text;
  for (const char* text : {"0.5", "-0.0", "1e5", "1E+5", "2.33e-5", "0e0"})
    EXPECT_EQ(number_form(text), NumberForm::fraction) << text;
  for (const char* text : {"", "-", "+1", "01", "-01", ".5", "5.", "1e", "1e+", "e5", " 1", "1 ",
                           "1a", "0x1", "NaN", "inf", "1,5", "1.2.3"})
    EXPECT_EQ(number_form(text), NumberForm::none) << text;
}

}  // namespace
}  // namespace turntable
