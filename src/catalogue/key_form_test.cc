#include "catalogue/key_form.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace turntable {
namespace {

template <class T>
Column column(Type type, const std::vector<T>& values) {
  Column made(type);
  made.reset(values.size());
  for (size_t i = 0; i < values.size(); ++i) made.set(i, values[i]);
  return made;
}

Selection all(size_t rows) {
  Selection selection;
  for (uint32_t i = 0; i < rows; ++i) selection.push_back(i);
  return selection;
}

TEST(KeyForm, ASingleTextOrWholeNumberIsItsOwnForm) {
  for (const Type type : {Type::text, Type::bytes, Type::int32, Type::int64, Type::timestamptz}) {
    Column keys(type);
    keys.reset(3);
    const Column* const parts[] = {&keys};
    KeyForm form({type});
    EXPECT_TRUE(form.is_own_form());
    EXPECT_EQ(form.type(), type);
    EXPECT_EQ(&form.of(parts, all(3)), &keys);
  }
}

TEST(KeyForm, FractionsAreTheSameWhereTheyAreEqual) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Column keys = column<double>(
      Type::float64, {0.0, -0.0, nan, -nan, std::nan("9"), 1.0, std::nextafter(1.0, 2.0)});
  const Column* const parts[] = {&keys};
  KeyForm form({Type::float64});
  const Column& made = form.of(parts, all(7));
  ASSERT_EQ(made.type(), Type::int64);
  const auto at = [&](size_t row) { return made.get<int64_t>(row); };
  EXPECT_EQ(at(0), at(1));
  EXPECT_EQ(at(2), at(3));
  EXPECT_EQ(at(2), at(4));
  EXPECT_NE(at(0), at(2));
  EXPECT_NE(at(5), at(6));
}

TEST(KeyForm, RealsAndBooleansHaveFormsToo) {
  const Column reals = column<float>(Type::float32, {-0.0F, 0.0F, std::nanf(""), -std::nanf("3")});
  const Column* const real[] = {&reals};
  KeyForm form({Type::float32});
  const Column& made = form.of(real, all(4));
  EXPECT_EQ(made.get<int64_t>(0), made.get<int64_t>(1));
  EXPECT_EQ(made.get<int64_t>(2), made.get<int64_t>(3));

  const Column truths = column<uint8_t>(Type::boolean, {1, 0});
  const Column* const truth[] = {&truths};
  KeyForm of_truth({Type::boolean});
  EXPECT_NE(of_truth.of(truth, all(2)).get<int64_t>(0), of_truth.of(truth, all(2)).get<int64_t>(1));
}

TEST(KeyForm, PartsDoNotRunIntoEachOther) {
  const Column first = column<std::string_view>(Type::text, {"a", "ab", "", "a"});
  const Column second = column<std::string_view>(Type::text, {"bc", "c", "abc", "bc"});
  const Column third = column<double>(Type::float64, {0.0, 0.0, 0.0, -0.0});
  const Column* const parts[] = {&first, &second, &third};
  KeyForm form({Type::text, Type::text, Type::float64});
  EXPECT_FALSE(form.is_own_form());
  const Column& made = form.of(parts, all(4));
  const auto at = [&](size_t row) { return made.get<std::string_view>(row); };
  EXPECT_NE(at(0), at(1));
  EXPECT_NE(at(0), at(2));
  EXPECT_NE(at(1), at(2));
  EXPECT_EQ(at(0), at(3));
}

TEST(KeyForm, FailedBeatsNullAndOnlyTheRowsAskedForAreLookedAt) {
  Column first = column<int32_t>(Type::int32, {1, 2, 3, 4});
  Column second = column<std::string_view>(Type::text, {"a", "b", "c", "d"});
  first.set_null(1);
  second.set_null(2);
  second.states()[1] = State::failed;
  const Column* const parts[] = {&first, &second};
  KeyForm form({Type::int32, Type::text});
  const Column& made = form.of(parts, {0, 1, 2});
  EXPECT_EQ(made.state(0), State::value);
  EXPECT_EQ(made.state(1), State::failed);
  EXPECT_EQ(made.state(2), State::null);
  // Keys of a call before are gone.
  EXPECT_EQ(form.of(parts, {3}).get<std::string_view>(3).size(), 8U + 8U + 1U);
}

TEST(KeyForm, GivesThePartsBackAsTexts) {
  const std::vector<Type> types = {Type::text,    Type::int32,   Type::boolean,
                                   Type::float32, Type::float64, Type::int64};
  std::vector<Column> columns;
  for (const Type type : types) columns.emplace_back(type).reset(1);
  columns[0].set(0, std::string_view("x'y\0", 4));
  columns[1].set<int32_t>(0, -7);
  columns[2].set<uint8_t>(0, 1);
  columns[3].set<float>(0, 1.5F);
  columns[4].set<double>(0, -0.25);
  columns[5].set<int64_t>(0, 1LL << 40);
  const std::vector<std::string> expected = {std::string("x'y\0", 4), "-7", "true", "1.5", "-0.25",
                                             "1099511627776"};
  std::vector<const Column*> parts;
  for (const Column& column : columns) parts.push_back(&column);
  EXPECT_EQ(key_texts(types, KeyForm(types).of(parts, {0}), 0), expected);
  for (size_t i = 0; i < types.size(); ++i) {
    KeyForm one({types[i]});
    EXPECT_EQ(key_texts({types[i]}, one.of({&parts[i], 1}, {0}), 0),
              std::vector<std::string>{expected[i]});
  }
}

}  // namespace
}  // namespace turntable
