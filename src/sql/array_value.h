// What all that works on arrays shares (row/array.h): their elements as values of a column, their
// order, and their text. Elements' types are looked up while a batch is computed, so that one
// function serves arrays of every type.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "row/arena.h"
#include "row/array.h"
#include "row/column.h"

namespace turntable::sql {

class JsonState;  // sql/functions/json_support.h

// Sets the row to an element; the column is of the element's type. Views point into the array.
void set_element(Column& column, uint32_t row, CellView element);

// How two elements of a type compare; neither is NULL. PostgreSQL's comparisons see them so.
[[nodiscard]] std::strong_ordering element_order(Type type, CellView left, CellView right);
// Two NULLs are equal, as arrays and the functions that search in them see it.
[[nodiscard]] bool elements_equal(Type type, CellView left, CellView right);
// Element by element, where NULL is greater than all else; then the shorter one is less.
[[nodiscard]] std::strong_ordering array_order(Type element, std::string_view left,
                                               std::string_view right);

// The text of an element as PostgreSQL prints it: t and f for a boolean.
class ElementText {
 public:
  explicit ElementText(Type type);
  ~ElementText();
  // Until the arena is reset.
  [[nodiscard]] std::string_view of(CellView element, Arena& arena);

 private:
  Column column_;
  std::unique_ptr<JsonState> json_;  // Of jsonb, kept from element to element.
};

// {a,"b c",NULL}
void append_array_text(std::string& out, Type element, std::string_view array, Arena& arena);

// The elements that an array's text names: nothing for NULL. Nothing at all where the text is no
// array of one level from 1 on. https://www.postgresql.org/docs/15/arrays.html#ARRAYS-IO
[[nodiscard]] std::optional<std::vector<std::optional<std::string>>> split_array_text(
    std::string_view text);

// The elements of the arrays of many rows, side by side in one column, so that one call of a
// function computes all of them.
class FlatElements {
 public:
  explicit FlatElements(Type element) : values(element) {}

  // Takes in the arrays of those rows that have a value.
  void take(const Column& arrays, const Selection& rows);
  // The elements of the row with that number among those rows.
  [[nodiscard]] uint32_t begin(size_t number) const { return begins_[number]; }
  [[nodiscard]] uint32_t end(size_t number) const { return begins_[number + 1]; }
  [[nodiscard]] uint32_t size() const { return begins_.back(); }

  Column values;

 private:
  std::vector<uint32_t> begins_;
};

}  // namespace turntable::sql
