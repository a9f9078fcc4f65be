#include "base/published.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace turntable {
namespace {

struct Pair {
  uint64_t one = 0;
  std::vector<uint64_t> others;
};

TEST(Published, GivesTheLastValue) {
  Published<int> value;
  EXPECT_EQ(value.read(), 0);
  for (int i = 1; i < 5; ++i) {
    value.draft() = i;
    value.publish();
    if (i % 2 == 0) {
      EXPECT_EQ(value.read(), i);
      EXPECT_EQ(value.read(), i);
    }
  }
}

TEST(Published, NoReaderSeesHalfOfAValueNorAnOlderOne) {
  constexpr uint64_t kValues = 20'000;
  Published<Pair> value;
  std::atomic<bool> ended{false};
  std::vector<std::thread> readers;
  std::atomic<int> faults{0};
  for (int i = 0; i < 2; ++i)
    readers.emplace_back([&] {
      for (uint64_t before = 0; !ended;) {
        const Pair read = value.read();
        for (const uint64_t other : read.others) faults += other == read.one ? 0 : 1;
        faults += read.one < before ? 1 : 0;
        before = read.one;
      }
    });
  for (uint64_t i = 1; i <= kValues; ++i) {
    Pair& draft = value.draft();
    draft.one = i;
    draft.others.assign(1 + i % 7, i);
    value.publish();
  }
  ended = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(faults, 0);
  EXPECT_EQ(value.read().one, kValues);
}

}  // namespace
}  // namespace turntable
