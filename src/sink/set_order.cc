#include "sink/set_order.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "sql/numeric_math.h"

namespace turntable {
namespace {

using Kind = CqlType::Kind;

int sign_of(auto order) {
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

int compare_signed(std::string_view a, std::string_view b) {
  std::string x(a);
  std::string y(b);
  x[0] = static_cast<char>(x[0] ^ 0x80);
  y[0] = static_cast<char>(y[0] ^ 0x80);
  return sign_of(x.compare(y));
}

template <class T>
int compare_floats(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return int{std::isnan(a)} - int{std::isnan(b)};
  if (a == 0 && b == 0) return int{std::signbit(b)} - int{std::signbit(a)};
  return a < b ? -1 : a > b ? 1 : 0;
}

int compare_varints(std::string_view a, std::string_view b) {
  const bool negative = static_cast<int8_t>(a[0]) < 0;
  if (negative != (static_cast<int8_t>(b[0]) < 0)) return negative ? -1 : 1;
  // Each has its shortest form: of two positive ones the longer is the greater.
  if (a.size() != b.size()) return (a.size() < b.size()) == negative ? 1 : -1;
  return sign_of(a.compare(b));
}

// The time of a uuid of version 1, its highest bits first.
std::string time_of(std::string_view uuid) {
  std::string time(uuid.substr(6, 2));
  time[0] = static_cast<char>(time[0] & 0x0F);
  time += uuid.substr(4, 2);
  time += uuid.substr(0, 4);
  return time;
}

int compare_uuids(std::string_view a, std::string_view b) {
  const int versions = (static_cast<uint8_t>(a[6]) >> 4) - (static_cast<uint8_t>(b[6]) >> 4);
  if (versions != 0) return sign_of(versions);
  if (is_timeuuid(a))
    if (const int times = time_of(a).compare(time_of(b)); times != 0) return sign_of(times);
  return sign_of(a.compare(b));
}

// In the order in which Cassandra has the elements of a set; of equal ones it keeps one.
int compare_elements(Kind kind, CellView a, CellView b) {
  switch (kind) {
    case Kind::tinyint:
    case Kind::smallint:
    case Kind::int_:
    case Kind::bigint:
    case Kind::timestamp:
      return compare_signed(a.bytes(), b.bytes());
    case Kind::float_:
      return compare_floats(a.float32(), b.float32());
    case Kind::double_:
      return compare_floats(a.float64(), b.float64());
    case Kind::decimal:
      return sign_of(sql::order_of_numerics(a.numeric(), b.numeric()));
    case Kind::varint:
      return compare_varints(a.bytes(), b.bytes());
    case Kind::uuid:
    case Kind::timeuuid:
      return compare_uuids(a.bytes(), b.bytes());
    default:
      return sign_of(a.bytes().compare(b.bytes()));
  }
}

}  // namespace

bool is_timeuuid(std::string_view bytes) {
  return static_cast<uint8_t>(bytes[6]) >> 4 == 1;
}

std::vector<CellView> in_set_order(CqlType::Kind element, std::string_view cells) {
  std::vector<CellView> elements;
  for (CellReader reader(cells); !reader.done();) elements.push_back(reader.next());
  std::stable_sort(elements.begin(), elements.end(), [&](const CellView& a, const CellView& b) {
    return compare_elements(element, a, b) < 0;
  });
  elements.erase(std::unique(elements.begin(), elements.end(),
                             [&](const CellView& a, const CellView& b) {
                               return compare_elements(element, a, b) == 0;
                             }),
                 elements.end());
  return elements;
}
}  // namespace turntable
