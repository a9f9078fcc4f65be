// Comparisons of arrays, and of jsonb values by what they hold, in PostgreSQL's orders:
// https://www.postgresql.org/docs/15/functions-array.html and
// https://www.postgresql.org/docs/15/datatype-json.html#JSON-INDEXING.
#include "sql/functions/array_rows.h"

namespace turntable::sql {
namespace {

// Of two arrays or two jsonb, neither of which is NULL.
std::strong_ordering order_of_views(Type type, Text left, Text right) {
  return is_array(type) ? array_order(element_of(type), left, right)
                        : element_order(type, CellView(left), CellView(right));
}

std::strong_ordering order_in(const RowArguments& row) {
  return order_of_views(row.type(0), row.text(0), row.text(1));
}

template <bool less, bool equal, bool greater>
std::optional<uint8_t> compare_views(const RowArguments& row) {
  const auto order = order_in(row);
  return (order < 0 ? less : order > 0 ? greater : equal) ? 1 : 0;
}

// Two NULLs are not distinct, a NULL and a value are.
template <bool wanted>
RowResult<uint8_t> distinct_views(const RowArguments& row) {
  const bool distinct =
      row.is_null(0) || row.is_null(1) ? row.is_null(0) != row.is_null(1) : order_in(row) != 0;
  return Nullable<uint8_t>(distinct == wanted ? 1 : 0);
}

RowResult<Text> null_if_equal(const RowArguments& row) {
  if (row.is_null(0)) return Nullable<Text>();
  if (!row.is_null(1) && order_in(row) == 0) return Nullable<Text>();
  return Nullable<Text>(row.text(0));
}

// NULLs are passed over; of equal values the first one stands.
template <bool greatest>
RowResult<Text> extreme_view(const RowArguments& row) {
  Nullable<Text> best;
  for (size_t i = 0; i < row.size(); ++i) {
    if (row.is_null(i)) continue;
    const Text value = row.text(i);
    if (!best.null) {
      const auto order = order_of_views(row.type(i), value, best.value);
      if (greatest ? order <= 0 : order >= 0) continue;
    }
    best = value;
  }
  return best;
}

bool never_null_beside_one(const std::vector<bool>& not_null) {
  return std::any_of(not_null.begin(), not_null.end(), [](bool never) { return never; });
}

void add_comparisons(std::vector<Function>& all, Type type) {
  const auto compare = [&](std::string_view name, Loop loop, NullRule nulls = NullRule::strict) {
    all.push_back({.name = name,
                   .arguments = {type, type},
                   .result = Type::boolean,
                   .loop = loop,
                   .kind = Kind::operation,
                   .nulls = nulls});
  };
#define LOOP_OF(less, equal, greater) \
  loop_over_arguments<uint8_t, unless_null<uint8_t, compare_views<less, equal, greater>>>
  compare("=", LOOP_OF(false, true, false));
  compare("<>", LOOP_OF(true, false, true));
  compare("<", LOOP_OF(true, false, false));
  compare("<=", LOOP_OF(true, true, false));
  compare(">", LOOP_OF(false, false, true));
  compare(">=", LOOP_OF(false, true, true));
#undef LOOP_OF
  compare("is distinct from", loop_over_arguments<uint8_t, distinct_views<true>>,
          NullRule::never_null);
  compare("is not distinct from", loop_over_arguments<uint8_t, distinct_views<false>>,
          NullRule::never_null);
  all.push_back({.name = "nullif",
                 .arguments = {type, type},
                 .result = type,
                 .loop = loop_over_arguments<Text, null_if_equal>,
                 .nulls = NullRule::sees_null,
                 .typing = Typing::as_operator});
  for (const bool greatest : {true, false})
    all.push_back({.name = greatest ? "greatest" : "least",
                   .arguments = {type},
                   .result = type,
                   .loop = greatest ? loop_over_arguments<Text, extreme_view<true>>
                                    : loop_over_arguments<Text, extreme_view<false>>,
                   .variadic = true,
                   .nulls = NullRule::sees_null,
                   .never_null = never_null_beside_one,
                   .typing = Typing::one_type});
}

}  // namespace

std::vector<Function> array_comparison_functions() {
  std::vector<Function> all;
  add_comparisons(all, kAnyArray);
  add_comparisons(all, Type::jsonb);
  return all;
}

}  // namespace turntable::sql
