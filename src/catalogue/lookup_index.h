// From a key to a catalogue's row, for one way in which its rows are looked up. A catalogue may
// have several.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "catalogue/flat_index.h"
#include "catalogue/left_out_rows.h"
#include "row/column.h"

namespace turntable {

// Immutable; its catalogue owns it. Thread-safe.
class LookupIndex {
 public:
  // `keys` are those of the catalogue's rows; they stay where they are.
  LookupIndex(FlatIndex index, const Column& keys, uint32_t null_row, LeftOutRows left_out = {})
      : index_(std::move(index)),
        keys_(&keys),
        null_row_(null_row),
        left_out_(std::move(left_out)) {}

  // matches[row] = the catalogue's row with the key keys[row], or its null_row(), also where the
  // key is NULL, for each of `rows`. Keys have the form that KeyForm gives them. One that failed
  // finds nothing: whoever asks knows better what to do about it.
  void find(const Column& keys, const Selection& rows, std::span<uint32_t> matches) const {
    index_.find(*keys_, keys, rows, matches, null_row_);
  }

  // By the catalogue's row, in the form that KeyForm gives them. Where a row has none that leads to
  // it, its value is unspecified or NULL.
  [[nodiscard]] const Column& keys() const { return *keys_; }

  // The rows of the file that the catalogue does not have, for the reasons of what finds nothing.
  [[nodiscard]] const LeftOutRows& left_out() const { return left_out_; }

 private:
  FlatIndex index_;
  const Column* keys_;
  uint32_t null_row_;
  LeftOutRows left_out_;
};

}  // namespace turntable
