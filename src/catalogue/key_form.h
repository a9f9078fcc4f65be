// Keys as they are hashed and compared: a key of any types and any number of parts as one value of
// a column that FlatIndex takes. Two keys have the same form exactly where `=` takes their parts
// for equal.
//
// A single text, bytea, int, bigint, date or time is its own form. A boolean becomes 0 or 1, a
// smallint a bigint, and a real or double precision becomes its bits, where -0 is 0 and all NaN are
// one. A numeric, an interval and a uuid become the bytes of their cell, where 1.0 is 1 and 24
// hours are a day. Several parts are made one byte string: eight bytes for each number; for each of
// the others eight bytes of length, then its bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "row/arena.h"
#include "row/column.h"
#include "row/types.h"

namespace turntable {

// One thread. Memory is kept from call to call.
class KeyForm {
 public:
  // The types of the key's parts, of which there is at least one.
  explicit KeyForm(const std::vector<Type>& types);

  // The type of the column that of() gives.
  [[nodiscard]] Type type() const { return own_form_ ? part_type_ : keys_.type(); }
  // True where a key is its own form.
  [[nodiscard]] bool is_own_form() const { return own_form_; }

  // The keys of those rows. One of which a part failed has failed, else one of which a part is NULL
  // is NULL. Valid until the next call, and as long as `parts`.
  [[nodiscard]] const Column& of(std::span<const Column* const> parts, const Selection& rows);

 private:
  // A numeric, interval or uuid as bytes, in `views`.
  const Column& as_views(const Column& part, const Selection& rows, Column& views);
  void join_parts(std::span<const Column* const> parts, const Selection& rows);

  Type part_type_;  // The first part's.
  bool own_form_;
  Column keys_;               // Where a key is not its own form.
  std::vector<Column> wide_;  // By part: a numeric, interval or uuid as bytes.
  // By place in the rows, where there are several parts.
  std::vector<uint64_t> sizes_;
  std::vector<char*> places_;
  std::string cell_;  // Of one wide value.
  Arena bytes_;
};

// The parts of the key keys[row], as texts: what a KeyForm of these types has made of them. There
// must be a key.
[[nodiscard]] std::vector<std::string> key_texts(const std::vector<Type>& types, const Column& keys,
                                                 size_t row);

}  // namespace turntable
