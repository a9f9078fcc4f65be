// A bump allocator for the text that a batch computes. Freed all at once; memory is kept for the
// next batch, but for that of large texts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace turntable {

// Thrown by an arena that may take no more. A hundred functions put their results into one, and
// none of them has to ask whether there is room: whoever set the limit catches it.
struct ArenaFull {};

// One thread. Views stay valid until reset().
class Arena {
 public:
  Arena() = default;
  // Takes no more than `limit` bytes.
  explicit Arena(size_t limit) : limit_(limit) {}

  // `size` writable bytes, not initialised. Throws ArenaFull beyond the limit.
  [[nodiscard]] char* allocate(size_t size) {
    if (size > left_) grow(size);
    char* place = next_;
    next_ += size;
    left_ -= size;
    return place;
  }

  [[nodiscard]] std::string_view copy(std::string_view text) {
    if (text.empty()) return {"", 0};
    char* place = allocate(text.size());
    std::memcpy(place, text.data(), text.size());
    return {place, text.size()};
  }

  // Forgets all; keeps the blocks for reuse, but for the large ones.
  void reset() {
    std::erase_if(blocks_, [](const Block& block) { return block.size > kBlockBytes; });
    taken_ = blocks_.empty() ? 0 : blocks_[0].size;
    block_ = 0;
    next_ = blocks_.empty() ? nullptr : blocks_[0].bytes.get();
    left_ = blocks_.empty() ? 0 : blocks_[0].size;
  }

  [[nodiscard]] size_t capacity() const {
    size_t sum = 0;
    for (const Block& block : blocks_) sum += block.size;
    return sum;
  }

 private:
  static constexpr size_t kBlockBytes = 64 * 1024;
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size;
  };

  void grow(size_t size) {
    const size_t bytes = std::max(size, kBlockBytes);
    if (bytes > limit_ - std::min(taken_, limit_)) throw ArenaFull();
    taken_ += bytes;
    while (block_ + 1 < blocks_.size()) {
      ++block_;
      if (blocks_[block_].size >= size) return take();
    }
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(bytes), bytes});
    block_ = blocks_.size() - 1;
    take();
  }
  void take() {
    next_ = blocks_[block_].bytes.get();
    left_ = blocks_[block_].size;
  }

  size_t limit_ = SIZE_MAX;
  size_t taken_ = 0;  // Bytes of the blocks that were used since the last reset().
  std::vector<Block> blocks_;
  size_t block_ = 0;
  char* next_ = nullptr;
  size_t left_ = 0;
};

}  // namespace turntable
