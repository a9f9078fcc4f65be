// A bump allocator for the text that a batch computes. Freed all at once; memory is kept for the
// next batch, but for that of large texts.
#pragma once

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
    if (size > left_) {
      if (size > kBlockBytes) return allocate_large(size);
      next_block();
    }
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

  // Forgets all; keeps the blocks for reuse, but for those of large texts.
  void reset() {
    large_.clear();
    taken_ = 0;
    used_ = 0;
    next_ = nullptr;
    left_ = 0;
  }

  [[nodiscard]] size_t capacity() const { return blocks_.size() * kBlockBytes; }

 private:
  static constexpr size_t kBlockBytes = 64 * 1024;

  void take(size_t bytes) {
    if (bytes > limit_ - taken_) throw ArenaFull();
    taken_ += bytes;
  }
  char* allocate_large(size_t size) {
    take(size);
    return large_.emplace_back(std::make_unique_for_overwrite<char[]>(size)).get();
  }
  void next_block() {
    take(kBlockBytes);
    if (used_ == blocks_.size())
      blocks_.push_back(std::make_unique_for_overwrite<char[]>(kBlockBytes));
    next_ = blocks_[used_++].get();
    left_ = kBlockBytes;
  }

  size_t limit_ = SIZE_MAX;
  size_t taken_ = 0;  // Bytes since the last reset().
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::vector<std::unique_ptr<char[]>> large_;  // A text each.
  size_t used_ = 0;                             // Blocks since the last reset().
  char* next_ = nullptr;
  size_t left_ = 0;
};

}  // namespace turntable
