// A fiber: work with a stack of its own, which can be left in the middle and gone on with. Several
// lanes, each in a loop that blocks, take turns on one thread this way, in an order that the test
// decides.
#pragma once

#include <ucontext.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "base/check.h"

// Sanitizers want to be told of every change of stacks.
#if defined(__SANITIZE_ADDRESS__)
#define TURNTABLE_FIBERS_IN_ASAN 1
#elif defined(__SANITIZE_THREAD__)
#define TURNTABLE_FIBERS_IN_TSAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TURNTABLE_FIBERS_IN_ASAN 1
#elif __has_feature(thread_sanitizer)
#define TURNTABLE_FIBERS_IN_TSAN 1
#endif
#endif
#if defined(TURNTABLE_FIBERS_IN_ASAN)
#define TURNTABLE_FIBERS_ARE_WATCHED 1
#include <sanitizer/common_interface_defs.h>
#elif defined(TURNTABLE_FIBERS_IN_TSAN)
#define TURNTABLE_FIBERS_ARE_WATCHED 1
#include <sanitizer/tsan_interface.h>
#endif

namespace turntable {

// What a sanitizer is told, on which side of a change of stacks. Inlined: ThreadSanitizer keeps a
// stack of calls for each fiber, on which a function has to end where it began.
class FiberWatch {
 public:
#if defined(TURNTABLE_FIBERS_IN_ASAN)
  [[gnu::always_inline]] void goes_in(const void* stack, size_t bytes) {
    __sanitizer_start_switch_fiber(&fake_stack_outside_, stack, bytes);
  }
  [[gnu::always_inline]] void came_in() {
    __sanitizer_finish_switch_fiber(fake_stack_inside_, &outside_stack_, &outside_bytes_);
  }
  [[gnu::always_inline]] void goes_out(bool for_good) {
    __sanitizer_start_switch_fiber(for_good ? nullptr : &fake_stack_inside_, outside_stack_,
                                   outside_bytes_);
  }
  [[gnu::always_inline]] void came_out(bool) {
    __sanitizer_finish_switch_fiber(fake_stack_outside_, nullptr, nullptr);
  }

 private:
  void* fake_stack_inside_ = nullptr;
  void* fake_stack_outside_ = nullptr;
  const void* outside_stack_ = nullptr;
  size_t outside_bytes_ = 0;
#elif defined(TURNTABLE_FIBERS_IN_TSAN)
  [[gnu::always_inline]] void goes_in(const void*, size_t) {
    if (inside_ == nullptr) inside_ = __tsan_create_fiber(0);
    outside_ = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(inside_, 0);
  }
  [[gnu::always_inline]] void came_in() {}
  [[gnu::always_inline]] void goes_out(bool) {
    __tsan_switch_to_fiber(outside_, 0);
  }
  [[gnu::always_inline]] void came_out(bool for_good) {
    if (for_good) __tsan_destroy_fiber(inside_);
  }

 private:
  void* inside_ = nullptr;
  void* outside_ = nullptr;
#else
  void goes_in(const void*, size_t) {}
  void came_in() {}
  void goes_out(bool) {}
  void came_out(bool) {}
#endif
};

// One thread. `work` must return before the fiber is destroyed, if it was ever resumed: nothing
// else unwinds its stack.
class Fiber {
 public:
  explicit Fiber(std::function<void()> work) : work_(std::move(work)) {
    CHECK(::getcontext(&inside_) == 0);
    inside_.uc_stack.ss_sp = stack_.get();
    inside_.uc_stack.ss_size = kStackBytes;
    inside_.uc_link = nullptr;
    const auto self = reinterpret_cast<uintptr_t>(this);
    ::makecontext(&inside_, reinterpret_cast<void (*)()>(&Fiber::enter), 2,
                  static_cast<unsigned>(self >> 32), static_cast<unsigned>(self));
  }
  ~Fiber() { CHECK(done_ || !begun_); }
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // From outside: runs it until it pauses or is done.
  void resume() {
    CHECK(!done_);
    begun_ = true;
    watch_.goes_in(stack_.get(), kStackBytes);
    CHECK(::swapcontext(&outside_, &inside_) == 0);
    watch_.came_out(done_);
  }

  // From inside: goes back to where it was resumed.
  void pause() {
    watch_.goes_out(false);
    CHECK(::swapcontext(&inside_, &outside_) == 0);
    watch_.came_in();
  }

  [[nodiscard]] bool done() const { return done_; }

 private:
  static constexpr size_t kStackBytes = size_t{256} << 10;

  // makecontext(3) passes nothing but ints.
  static void enter(unsigned high, unsigned low) {
    auto* self = reinterpret_cast<Fiber*>((uintptr_t{high} << 32) | low);
    self->watch_.came_in();
    self->work_();
    self->done_ = true;
    self->watch_.goes_out(true);
    ::setcontext(&self->outside_);
  }

  std::function<void()> work_;
  std::unique_ptr<char[]> stack_{new char[kStackBytes]};
  ucontext_t inside_{};
  ucontext_t outside_{};
  bool begun_ = false;
  bool done_ = false;
  FiberWatch watch_;
};

}  // namespace turntable
