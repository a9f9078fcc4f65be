// Trigonometric and hyperbolic functions: https://www.postgresql.org/docs/15/functions-math.html,
// tables 9.7 and 9.8. Those of degrees are exact at the angles where people expect it, as
// PostgreSQL's are, and by its way: each is scaled with its own value at such an angle, so that
// sind(30) is 0.5 and not 0.49999999999999994.
#include <cmath>

#include "sql/builtins.h"
#include "sql/functions/numbers.h"

namespace turntable::sql {
namespace {

using numbers::Checked;
using numbers::Computed;
using numbers::kOutOfDomain;
using numbers::kRadiansPerDegree;
using numbers::of_doubles;
using numbers::Plain;

// --- Of radians

template <double (*function)(double)>
Computed<double> of_finite(double x) {
  if (std::isinf(x)) return kOutOfDomain;
  return function(x);
}

// Of -1 to 1, and NaN.
template <double (*function)(double)>
Computed<double> of_unit(double x) {
  if (x < -1 || x > 1) return kOutOfDomain;
  return function(x);
}

double sine(double x) {
  return std::sin(x);
}
double cosine(double x) {
  return std::cos(x);
}
double tangent(double x) {
  return std::tan(x);
}
double cotangent(double x) {
  return 1 / std::tan(x);
}
double arc_sine(double x) {
  return std::asin(x);
}
double arc_cosine(double x) {
  return std::acos(x);
}
double arc_tangent(double x) {
  return std::atan(x);
}
double arc_tangent_of_two(double y, double x) {
  return std::atan2(y, x);
}
double hyperbolic_sine(double x) {
  return std::sinh(x);
}
double hyperbolic_cosine(double x) {
  return std::cosh(x);
}
double hyperbolic_tangent(double x) {
  return std::tanh(x);
}
double inverse_hyperbolic_sine(double x) {
  return std::asinh(x);
}
Computed<double> inverse_hyperbolic_cosine(double x) {
  if (x < 1) return kOutOfDomain;
  return std::acosh(x);
}
double inverse_hyperbolic_tangent(double x) {
  return std::atanh(x);
}

// --- Of degrees

// Computed when the program runs, by the library that computes the other values too.
struct Scales {
  double sine_of_30 = std::sin(30 * kRadiansPerDegree);
  double one_minus_cosine_of_60 = 1 - std::cos(60 * kRadiansPerDegree);
  double arc_sine_of_half = std::asin(0.5);
  double arc_cosine_of_half = std::acos(0.5);
  double arc_tangent_of_1 = std::atan(1.0);
};

const Scales& scales() {
  static const Scales kScales;
  return kScales;
}

double sine_to_30(double x) {
  return std::sin(x * kRadiansPerDegree) / scales().sine_of_30 / 2;
}
double cosine_to_60(double x) {
  return 1 - (1 - std::cos(x * kRadiansPerDegree)) / scales().one_minus_cosine_of_60 / 2;
}

// Of the first quadrant.
double sine_to_90(double x) {
  return x <= 30 ? sine_to_30(x) : cosine_to_60(90 - x);
}
double cosine_to_90(double x) {
  return x <= 60 ? cosine_to_60(x) : sine_to_30(90 - x);
}

// An angle as one of the first quadrant; what became of the signs.
struct Angle {
  double degrees;
  double sign_of_sine = 1;
  double sign_of_cosine = 1;
};

Angle in_first_quadrant(double x) {
  Angle angle{std::fmod(x, 360)};
  if (angle.degrees < 0) {
    angle.degrees = -angle.degrees;
    angle.sign_of_sine = -angle.sign_of_sine;
  }
  if (angle.degrees > 180) {
    angle.degrees = 360 - angle.degrees;
    angle.sign_of_sine = -angle.sign_of_sine;
  }
  if (angle.degrees > 90) {
    angle.degrees = 180 - angle.degrees;
    angle.sign_of_cosine = -angle.sign_of_cosine;
  }
  return angle;
}

double sine_of_degrees(double x) {
  if (std::isnan(x)) return x;
  const Angle angle = in_first_quadrant(x);
  return angle.sign_of_sine * sine_to_90(angle.degrees);
}

double cosine_of_degrees(double x) {
  if (std::isnan(x)) return x;
  const Angle angle = in_first_quadrant(x);
  return angle.sign_of_cosine * cosine_to_90(angle.degrees);
}

// Zero has no sign.
double without_sign_of_zero(double x) {
  return x == 0 ? 0 : x;
}

double tangent_of_degrees(double x) {
  if (std::isnan(x)) return x;
  static const double kOf45 = sine_to_90(45) / cosine_to_90(45);
  const Angle angle = in_first_quadrant(x);
  const double tangent = sine_to_90(angle.degrees) / cosine_to_90(angle.degrees);
  return without_sign_of_zero(angle.sign_of_sine * angle.sign_of_cosine * (tangent / kOf45));
}

double cotangent_of_degrees(double x) {
  if (std::isnan(x)) return x;
  static const double kOf45 = cosine_to_90(45) / sine_to_90(45);
  const Angle angle = in_first_quadrant(x);
  const double cotangent = cosine_to_90(angle.degrees) / sine_to_90(angle.degrees);
  return without_sign_of_zero(angle.sign_of_sine * angle.sign_of_cosine * (cotangent / kOf45));
}

// Of 0 to 1.
double arc_sine_to_90(double x) {
  if (x <= 0.5) return std::asin(x) / scales().arc_sine_of_half * 30;
  return 90 - std::acos(x) / scales().arc_cosine_of_half * 60;
}
double arc_cosine_to_90(double x) {
  if (x <= 0.5) return 90 - std::asin(x) / scales().arc_sine_of_half * 30;
  return std::acos(x) / scales().arc_cosine_of_half * 60;
}

double arc_sine_in_degrees(double x) {
  if (std::isnan(x)) return x;
  return x >= 0 ? arc_sine_to_90(x) : -arc_sine_to_90(-x);
}
double arc_cosine_in_degrees(double x) {
  if (std::isnan(x)) return x;
  return x >= 0 ? arc_cosine_to_90(x) : 90 + arc_sine_to_90(-x);
}
double arc_tangent_in_degrees(double x) {
  return std::atan(x) / scales().arc_tangent_of_1 * 45;
}
double arc_tangent_of_two_in_degrees(double y, double x) {
  return std::atan2(y, x) / scales().arc_tangent_of_1 * 45;
}

}  // namespace

std::vector<Function> trigonometric_functions() {
  return {
      function_of<Checked<of_finite<sine>>>(of_doubles("sin")),
      function_of<Checked<of_finite<cosine>>>(of_doubles("cos")),
      function_of<Checked<of_finite<tangent>>>(of_doubles("tan")),
      function_of<Checked<of_finite<cotangent>>>(of_doubles("cot")),
      function_of<Checked<of_unit<arc_sine>>>(of_doubles("asin")),
      function_of<Checked<of_unit<arc_cosine>>>(of_doubles("acos")),
      function_of<Plain<arc_tangent>>(of_doubles("atan")),
      function_of<Plain<arc_tangent_of_two>>(of_doubles("atan2", 2)),
      function_of<Plain<hyperbolic_sine>>(of_doubles("sinh")),
      function_of<Plain<hyperbolic_cosine>>(of_doubles("cosh")),
      function_of<Plain<hyperbolic_tangent>>(of_doubles("tanh")),
      function_of<Plain<inverse_hyperbolic_sine>>(of_doubles("asinh")),
      function_of<Checked<inverse_hyperbolic_cosine>>(of_doubles("acosh")),
      function_of<Checked<of_unit<inverse_hyperbolic_tangent>>>(of_doubles("atanh")),
      function_of<Checked<of_finite<sine_of_degrees>>>(of_doubles("sind")),
      function_of<Checked<of_finite<cosine_of_degrees>>>(of_doubles("cosd")),
      function_of<Checked<of_finite<tangent_of_degrees>>>(of_doubles("tand")),
      function_of<Checked<of_finite<cotangent_of_degrees>>>(of_doubles("cotd")),
      function_of<Checked<of_unit<arc_sine_in_degrees>>>(of_doubles("asind")),
      function_of<Checked<of_unit<arc_cosine_in_degrees>>>(of_doubles("acosd")),
      function_of<Plain<arc_tangent_in_degrees>>(of_doubles("atand")),
      function_of<Plain<arc_tangent_of_two_in_degrees>>(of_doubles("atan2d", 2)),
  };
}

}  // namespace turntable::sql
