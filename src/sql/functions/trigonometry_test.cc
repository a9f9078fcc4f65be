// Expected values were taken from PostgreSQL 15, with the time zone UTC; what fails there is a
// fault here.
#include "sql/testing.h"

namespace turntable::sql {
namespace {

struct TrigonometryCase {
  std::string expression;
  std::string expected;
};

void expect_all_trigonometry(const std::vector<TrigonometryCase>& cases) {
  for (const TrigonometryCase& c : cases)
    EXPECT_EQ(evaluate_constant(c.expression), c.expected) << c.expression;
}

TEST(Trigonometry, IsExactAtTheAnglesOfDegrees) {
  expect_all_trigonometry({
      {"sind(30)", "0.5"},
      {"sind(-210)", "0.5"},
      {"cosd(60)", "0.5"},
      {"cosd(120)", "-0.5"},
      {"tand(45)", "1"},
      {"tand(90)", "Infinity"},
      {"tand(180)", "0"},
      {"cotd(45)", "1"},
      {"cotd(0)", "Infinity"},
      {"asind(0.5::double precision)", "30"},
      {"acosd(0.5::double precision)", "60"},
      {"acosd(-0.5::double precision)", "120"},
      {"asind(2)", "fault: asind: the function has no value for this number (2)"},
      {"atand(1)", "45"},
      {"atan2d(-1, -1)", "-135"},
      {"sind('Infinity'::double precision)",
       "fault: sind: the function has no value for this number (Infinity)"},
  });
}

TEST(Trigonometry, RefusesWhatHasNoValue) {
  expect_all_trigonometry({
      {"sin(1::double precision)", "0.8414709848078965"},
      {"cos(1::double precision)", "0.5403023058681398"},
      {"tan(1::double precision)", "1.5574077246549023"},
      {"cot(1::double precision)", "0.6420926159343306"},
      {"sin('Infinity'::double precision)",
       "fault: sin: the function has no value for this number (Infinity)"},
      {"sin('NaN'::double precision)", "NaN"},
      {"asin(0.5::double precision)", "0.5235987755982989"},
      {"asin(1.1::double precision)",
       "fault: asin: the function has no value for this number (1.1)"},
      {"acos(0.5::double precision)", "1.0471975511965979"},
      {"atan(1::double precision)", "0.7853981633974483"},
      {"atan2(1::double precision, -1)", "2.356194490192345"},
      {"sinh(1::double precision)", "1.1752011936438014"},
      {"cosh(1::double precision)", "1.5430806348152437"},
      {"tanh(1::double precision)", "0.7615941559557649"},
      {"sinh(1000::double precision)", "Infinity"},
      {"asinh(1::double precision)", "0.881373587019543"},
      {"acosh(2::double precision)", "1.3169578969248166"},
      {"acosh(0.5::double precision)",
       "fault: acosh: the function has no value for this number (0.5)"},
      {"atanh(0.5::double precision)", "0.5493061443340548"},
      {"atanh(1::double precision)", "Infinity"},
      {"atanh(2::double precision)", "fault: atanh: the function has no value for this number (2)"},
  });
}

}  // namespace
}  // namespace turntable::sql
