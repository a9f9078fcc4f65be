#include "catalogue/flat_index.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>

#include "base/check.h"

namespace turntable {
namespace {

// Enough to hide a miss of the cache, few enough for the first-level cache.
constexpr size_t kGroup = 32;

uint64_t hash_of(std::string_view key) {
  return XXH3_64bits(key.data(), key.size());
}
uint64_t hash_of(int64_t key) {
  return XXH3_64bits(&key, sizeof key);
}
uint64_t hash_of(int32_t key) {
  return hash_of(int64_t{key});
}

uint32_t tag_of(uint64_t hash) {
  return static_cast<uint32_t>(hash >> 32);
}

void prefetch_text(std::string_view key) {
  __builtin_prefetch(key.data());
}
void prefetch_text(int64_t) {}

// Calls use() with the column's values, which FlatIndex::can_index(), and gives what that gives.
template <class Use>
auto with_keys(const Column& column, const Use& use) {
  using Given = decltype(use(column.data<int64_t>()));
  return with_cpp_type(column.type(), [&]<class T>() -> Given {
    if constexpr (FlatIndex::kIsKey<T>) {
      return use(column.data<T>());
    } else {
      CHECK(FlatIndex::can_index(column.type()));
      return Given();
    }
  });
}

}  // namespace

FlatIndex::FlatIndex(size_t rows)
    : slots_(std::bit_ceil(std::max<size_t>(16, rows + rows / 2 + 1))),
      mask_(slots_.size() - 1),
      room_(rows) {}

template <class Key>
uint32_t FlatIndex::find_or_add(const Key* stored, uint32_t row) {
  const uint64_t hash = hash_of(stored[row]);
  for (size_t at = hash & mask_;; at = (at + 1) & mask_) {
    Slot& slot = slots_[at];
    if (slot.row == kNoRow) {
      CHECK(room_ > 0);
      --room_;
      slot = {tag_of(hash), row};
      return kNoRow;
    }
    if (slot.tag == tag_of(hash) && stored[slot.row] == stored[row]) return slot.row;
  }
}

uint32_t FlatIndex::find_or_add(const Column& stored, uint32_t row) {
  return with_keys(stored, [&](const auto* values) { return find_or_add(values, row); });
}

template <class Key>
void FlatIndex::replace(const Key* stored, uint32_t from, uint32_t to) {
  size_t at = hash_of(stored[from]) & mask_;
  while (slots_[at].row != from) at = (at + 1) & mask_;
  slots_[at].row = to;
}

void FlatIndex::replace(const Column& stored, uint32_t from, uint32_t to) {
  return with_keys(stored, [&](const auto* values) { return replace(values, from, to); });
}

// rows[w] for every w in `wanted`, of which there are at most kGroup, none of them NULL.
template <class Key>
void FlatIndex::find_group(const Key* stored, const Key* keys, std::span<const uint32_t> wanted,
                           std::span<uint32_t> rows, uint32_t none) const {
  const Slot* slots = slots_.data();
  std::array<uint64_t, kGroup> hashes;
  for (size_t i = 0; i < wanted.size(); ++i) {
    hashes[i] = hash_of(keys[wanted[i]]);
    __builtin_prefetch(slots + (hashes[i] & mask_));
  }
  // The first slot that is free or has the tag: mostly the answer.
  std::array<size_t, kGroup> places;
  for (size_t i = 0; i < wanted.size(); ++i) {
    size_t at = hashes[i] & mask_;
    while (slots[at].row != kNoRow && slots[at].tag != tag_of(hashes[i])) at = (at + 1) & mask_;
    places[i] = at;
    if (slots[at].row != kNoRow) __builtin_prefetch(stored + slots[at].row);
  }
  for (size_t i = 0; i < wanted.size(); ++i) {
    const uint32_t row = slots[places[i]].row;
    if (row != kNoRow) prefetch_text(stored[row]);
  }
  for (size_t i = 0; i < wanted.size(); ++i) {
    size_t at = places[i];
    const Key& key = keys[wanted[i]];
    while (slots[at].row != kNoRow &&
           !(slots[at].tag == tag_of(hashes[i]) && stored[slots[at].row] == key))
      at = (at + 1) & mask_;
    const uint32_t row = slots[at].row;
    rows[wanted[i]] = row == kNoRow ? none : row;
  }
}

template <class Key>
void FlatIndex::find(const Key* stored, const Column& keys, const Selection& alive,
                     std::span<uint32_t> rows, uint32_t none) const {
  std::array<uint32_t, kGroup> wanted;
  const Key* values = keys.data<Key>();
  const State* states = keys.states();
  for (size_t begin = 0; begin < alive.size();) {
    size_t count = 0;
    for (; begin < alive.size() && count < kGroup; ++begin) {
      const uint32_t row = alive[begin];
      if (states[row] == State::value) {
        wanted[count++] = row;
      } else {
        rows[row] = none;
      }
    }
    find_group(stored, values, std::span(wanted).first(count), rows, none);
  }
}

void FlatIndex::find(const Column& stored, const Column& keys, const Selection& alive,
                     std::span<uint32_t> rows, uint32_t none) const {
  CHECK(keys.type() == stored.type());
  return with_keys(stored,
                   [&](const auto* values) { return find(values, keys, alive, rows, none); });
}

}  // namespace turntable
