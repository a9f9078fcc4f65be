// From a key to the row that has it: open addressing in one array, eight bytes a slot.
//
// A slot is the upper half of the key's hash, as a tag, and a row number. The keys themselves stay
// in their column; it is asked only where a tag agrees. Lookups come in batches, and a group of
// them is worked on at once, step by step, so that the memory that each will need is on its way
// while the others are looked at.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "row/column.h"
#include "row/types.h"

namespace turntable {

// Keys are views (text, bytea) or whole numbers (int, bigint, timestamptz); KeyForm makes them of
// keys of any types. The column passed as `stored` is always the same one, and has the keys' type.
// Adding is for one thread; finding afterwards for all.
class FlatIndex {
 public:
  static constexpr uint32_t kNoRow = ~0U;

  template <class T>
  static constexpr bool kIsKey = std::is_same_v<T, int32_t> || std::is_same_v<T, int64_t> ||
                                 std::is_same_v<T, std::string_view>;
  [[nodiscard]] static bool can_index(Type type) {
    return with_cpp_type(type, []<class T>() { return kIsKey<T>; });
  }

  // Room for `rows` keys; more must not be added.
  explicit FlatIndex(size_t rows);

  // The row that was added before with the key of stored[row]; or kNoRow, and `row` is added.
  [[nodiscard]] uint32_t find_or_add(const Column& stored, uint32_t row);

  // The key of row `from`, which was added before, leads to `to` from now on, where it stands too.
  void replace(const Column& stored, uint32_t from, uint32_t to);

  // rows[i] = the row of `stored` with the key keys[i], or `none` (also where it is NULL), for
  // every i in `alive`.
  void find(const Column& stored, const Column& keys, const Selection& alive,
            std::span<uint32_t> rows, uint32_t none = kNoRow) const;

 private:
  struct Slot {
    uint32_t tag = 0;
    uint32_t row = kNoRow;  // kNoRow: free.
  };

  template <class Key>
  uint32_t find_or_add(const Key* stored, uint32_t row);
  template <class Key>
  void replace(const Key* stored, uint32_t from, uint32_t to);
  template <class Key>
  void find(const Key* stored, const Column& keys, const Selection& alive, std::span<uint32_t> rows,
            uint32_t none) const;
  template <class Key>
  void find_group(const Key* stored, const Key* keys, std::span<const uint32_t> wanted,
                  std::span<uint32_t> rows, uint32_t none) const;

  std::vector<Slot> slots_;  // A power of two of them, at least a third free.
  size_t mask_ = 0;
  size_t room_ = 0;
};

}  // namespace turntable
