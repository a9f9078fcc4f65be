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

// AddressSanitizer wants to be told of every change of stacks.
#if defined(__SANITIZE_ADDRESS__)
#define TURNTABLE_FIBERS_ARE_WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TURNTABLE_FIBERS_ARE_WATCHED 1
#endif
#endif
#ifdef TURNTABLE_FIBERS_ARE_WATCHED
#include <sanitizer/common_interface_defs.h>
#endif

namespace turntable {

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
    leave_stack(&fake_stack_outside_, stack_.get(), kStackBytes);
    CHECK(::swapcontext(&outside_, &inside_) == 0);
    come_to_stack(fake_stack_outside_, nullptr, nullptr);
  }

  // From inside: goes back to where it was resumed.
  void pause() {
    leave_stack(&fake_stack_inside_, outside_stack_, outside_bytes_);
    CHECK(::swapcontext(&inside_, &outside_) == 0);
    come_to_stack(fake_stack_inside_, &outside_stack_, &outside_bytes_);
  }

  [[nodiscard]] bool done() const { return done_; }

 private:
  static constexpr size_t kStackBytes = size_t{256} << 10;

  // makecontext(3) passes nothing but ints.
  static void enter(unsigned high, unsigned low) {
    auto* self = reinterpret_cast<Fiber*>((uintptr_t{high} << 32) | low);
    self->come_to_stack(nullptr, &self->outside_stack_, &self->outside_bytes_);
    self->work_();
    self->done_ = true;
    self->leave_stack(nullptr, self->outside_stack_, self->outside_bytes_);
    ::setcontext(&self->outside_);
  }

#ifdef TURNTABLE_FIBERS_ARE_WATCHED
  static void leave_stack(void** keep, const void* to, size_t bytes) {
    __sanitizer_start_switch_fiber(keep, to, bytes);
  }
  static void come_to_stack(void* kept, const void** from, size_t* bytes) {
    __sanitizer_finish_switch_fiber(kept, from, bytes);
  }
#else
  static void leave_stack(void**, const void*, size_t) {}
  static void come_to_stack(void*, const void**, size_t*) {}
#endif

  std::function<void()> work_;
  std::unique_ptr<char[]> stack_{new char[kStackBytes]};
  ucontext_t inside_{};
  ucontext_t outside_{};
  bool begun_ = false;
  bool done_ = false;
  void* fake_stack_inside_ = nullptr;
  void* fake_stack_outside_ = nullptr;
  const void* outside_stack_ = nullptr;
  size_t outside_bytes_ = 0;
};

}  // namespace turntable
