// A bump allocator for the text that a batch computes. Freed all at once; memory is kept for the
// next batch.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace turntable {

// One thread. Views stay valid until reset().
class Arena {
 public:
  // `size` writable bytes, not initialised.
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

  // Forgets all; keeps the blocks for reuse.
  void reset() {
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
    while (block_ + 1 < blocks_.size()) {
      ++block_;
      if (blocks_[block_].size >= size) return take();
    }
    const size_t bytes = size > kBlockBytes ? size : kBlockBytes;
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(bytes), bytes});
    block_ = blocks_.size() - 1;
    take();
  }
  void take() {
    next_ = blocks_[block_].bytes.get();
    left_ = blocks_[block_].size;
  }

  std::vector<Block> blocks_;
  size_t block_ = 0;
  char* next_ = nullptr;
  size_t left_ = 0;
};

}  // namespace turntable
