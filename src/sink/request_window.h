// How many requests may be out at once: as many as the cluster answers in time. It opens by one for
// every window's worth of answers, and closes to half when the cluster says that it is too much, or
// does not answer in time (additive increase, multiplicative decrease, as TCP does:
// https://www.rfc-editor.org/rfc/rfc5681#section-3.1). A node that is away does not close it: the
// partitions of the others go on.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/check.h"

namespace turntable {

class RequestWindow {
 public:
  explicit RequestWindow(size_t limit) : limit_(limit), size_(limit) {}

  [[nodiscard]] bool open() const { return out_ < size_; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] size_t out() const { return out_; }

  // Returns the request's number, which its answer names.
  [[nodiscard]] uint64_t sent() {
    ++out_;
    return next_++;
  }

  void answered() {
    end_one();
    if (size_ == limit_ || ++answers_ < size_) return;
    ++size_;
    answers_ = 0;
  }
  // Requests that were sent before the window last closed tell of the same trouble, once.
  void overloaded(uint64_t request) {
    end_one();
    if (request < closed_before_) return;
    size_ = std::max<size_t>(1, size_ / 2);
    answers_ = 0;
    closed_before_ = next_;
  }
  void failed() { end_one(); }

 private:
  void end_one() {
    CHECK(out_ > 0);
    --out_;
  }

  const size_t limit_;
  size_t size_;
  size_t out_ = 0;
  size_t answers_ = 0;  // Since the size last changed.
  uint64_t next_ = 0;
  uint64_t closed_before_ = 0;
};

}  // namespace turntable
