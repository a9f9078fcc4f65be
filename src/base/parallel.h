// Work on many things at once.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <future>
#include <thread>
#include <vector>

namespace turntable {

// As many threads as this machine runs at once, and no more than there are things to do.
[[nodiscard]] inline size_t workers_for(size_t count) {
  return std::clamp<size_t>(std::thread::hardware_concurrency(), 1, std::max<size_t>(count, 1));
}

// Calls work(worker, i) for every i below `count`, begun in ascending order, from
// workers_for(count) threads; worker is the thread's number. Throws what a call threw, once all
// threads have ended.
template <class Work>
void in_parallel(size_t count, const Work& work) {
  std::atomic<size_t> next = 0;
  const auto run = [&](size_t worker) {
    for (size_t i = next++; i < count; i = next++) work(worker, i);
  };
  std::vector<std::future<void>> others;
  for (size_t worker = 1; worker < workers_for(count); ++worker)
    others.push_back(std::async(std::launch::async, run, worker));
  run(0);
  for (auto& other : others) other.get();
}

}  // namespace turntable
