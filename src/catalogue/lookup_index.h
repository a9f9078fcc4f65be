// From a key to a catalogue's row, for one way in which its rows are looked up. A catalogue may
// have several.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "catalogue/flat_index.h"
#include "row/column.h"

namespace turntable {

// Immutable; its catalogue owns it. Thread-safe.
class LookupIndex {
 public:
  // `keys` are those of the catalogue's rows; they stay where they are.
  LookupIndex(FlatIndex index, const Column& keys, uint32_t null_row)
      : index_(std::move(index)), keys_(&keys), null_row_(null_row) {}

  // matches[row] = the catalogue's row with the key keys[row], or its null_row(), also where the
  // key is NULL, for each of `rows`. Keys have the form that KeyForm gives them. One that failed
  // finds nothing: whoever asks knows better what to do about it.
  void find(const Column& keys, const Selection& rows, std::span<uint32_t> matches) const {
    index_.find(*keys_, keys, rows, matches, null_row_);
  }

 private:
  FlatIndex index_;
  const Column* keys_;
  uint32_t null_row_;
};

}  // namespace turntable
