// In the end, the catalogue is mended and the dead letters are replayed: a real lane over the real
// source of letters, into the simulated store.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "delivery/letter_source.h"
#include "lane/lane.h"
#include "lane/simulated_process.h"

namespace turntable {

// A topic or file of letters.
class SimulatedLetters final : public LetterReader {
 public:
  explicit SimulatedLetters(const std::vector<Letter>& letters) : letters_(letters) {}
  Result<std::vector<Letter>> next(size_t limit, Millis) override {
    const size_t end = std::min(letters_.size(), next_ + limit);
    std::vector<Letter> some(letters_.begin() + static_cast<ptrdiff_t>(next_),
                             letters_.begin() + static_cast<ptrdiff_t>(end));
    next_ = end;
    return some;
  }
  [[nodiscard]] bool at_end() const override { return next_ == letters_.size(); }
  [[nodiscard]] uint64_t unreadable() const override { return 0; }

 private:
  const std::vector<Letter>& letters_;
  size_t next_ = 0;
};

// The world is calm, and everything has been delivered.
inline void replay_letters(SimulatedWorld& world, const SimulatedPipeline& pipeline) {
  world.mended = true;
  world.steps_limit = ~uint64_t{0};
  for (const Letter& letter : world.letters) {
    if (letter.reason != "unmatched") continue;
    SimulatedRecord& record = world.record(letter.partition, letter.offset);
    record.fate = Fate::row;
    ++record.writes_limit;
    ++world.seen.replayed;
  }
  const auto wait_until = [&world](SteadyTime until) {
    world.steps_without_wait = 0;
    if (until > world.now()) world.clock->advance(std::chrono::ceil<Millis>(until - world.now()));
  };
  const SimulatedClock clock(world, world.draw_clock(), wait_until);
  const StopToken stop;
  std::unique_ptr<Sink> sink;
  if (world.keeps_positions) {
    sink = std::make_unique<SimulatedFile>(world, 0, pipeline.enrich->form, false, wait_until);
  } else {
    CassandraSinkOptions options;
    options.table = pipeline.table;
    options.clock = world.clock;
    sink = std::make_unique<CassandraSink>(
        std::make_unique<SimulatedWriter>(world, 0, pipeline.enrich->form, wait_until),
        std::move(options));
  }
  Lane lane({.write_times = pipeline.table.write_times},
            LaneParts{std::make_unique<SimulatedDecoder>(world),
                      std::make_unique<Enricher>(pipeline.enrich), std::move(sink),
                      dropped_dead_letters()},
            stop, clock);
  auto source = std::make_unique<LetterSource>(
      std::make_unique<SimulatedLetters>(world.letters),
      LetterSource::Options{.topic = "simulated", .reason = "unmatched", .name = "letters"}, lane);
  if (const Status status = lane.run(std::move(source)); !status)
    world.fail("the replay failed: " + status.error().message);
}

}  // namespace turntable
