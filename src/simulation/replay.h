// In the end, the catalogue is mended and the dead letters are replayed: a real lane over the real
// source of letters, into the simulated store.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "delivery/letter_source.h"
#include "lane/lane.h"
#include "simulation/process.h"

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

// Which INSERTs of a letter are to run again.
inline InsertSet unmatched_inserts(const Letter& letter, const SimulatedPipeline& pipeline) {
  if (letter.inserts.empty()) return letter.reason == "unmatched" ? InsertSet::of(0) : InsertSet();
  InsertSet inserts;
  for (size_t insert = 0; insert < pipeline.inserts(); ++insert)
    for (const LetterInsert& named : letter.inserts)
      if (named.name == pipeline.names[insert] && named.reason == "unmatched")
        inserts |= InsertSet::of(insert);
  return inserts;
}

// The world is calm, and everything has been delivered. Only the rows that are missing come.
inline void replay_letters(SimulatedWorld& world, const SimulatedPipeline& pipeline) {
  world.mended = true;
  world.steps_limit = ~uint64_t{0};
  for (const Letter& letter : world.letters) {
    SimulatedRecord& record = world.record(letter.partition, letter.offset);
    const InsertSet inserts = unmatched_inserts(letter, pipeline);
    inserts.for_each([&record](size_t insert) { record.fates[insert] = Fate::row; });
    record.durable = record.durable - inserts;
    record.replayed |= inserts;
    ++record.reads;
    world.seen.replayed += inserts.empty() ? 0 : 1;
  }
  const auto wait_until = [&world](SteadyTime until) {
    world.steps_without_wait = 0;
    if (until > world.now()) world.clock->advance(std::chrono::ceil<Millis>(until - world.now()));
  };
  const SimulatedClock clock(world, world.draw_clock(), wait_until);
  const StopToken stop;
  SimulatedStores stores(world, pipeline, 0, false, wait_until);
  Lane lane({.write_times = pipeline.tables[0].write_times, .tombstones = world.tombstones},
            LaneParts{.decoder = std::make_unique<SimulatedDecoder>(world),
                      .enricher = std::make_unique<Enricher>(pipeline.mended),
                      .stores = std::move(stores.sinks),
                      .dead_letters = dropped_dead_letters(),
                      .targets = std::move(stores.targets)},
            stop, clock);
  auto source = std::make_unique<LetterSource>(std::make_unique<SimulatedLetters>(world.letters),
                                               LetterSource::Options{.topic = "simulated",
                                                                     .reason = "unmatched",
                                                                     .name = "letters",
                                                                     .inserts = pipeline.names},
                                               lane);
  if (const Status status = lane.run(std::move(source)); !status)
    world.fail("the replay failed: " + status.error().message);
  for (size_t insert = 0; insert < pipeline.inserts(); ++insert) {
    const Counts counts = lane.counts(insert);
    if (counts.consumed != counts.written)
      world.fail(
          fmt::format("INSERT {}: of {} letters {} became rows, {} were filtered, {} unmatched, {} "
                      "rejected, {} "
                      "deleted",
                      insert, counts.consumed, counts.written, counts.filtered, counts.unmatched,
                      counts.rejected, counts.deleted));
  }
}

}  // namespace turntable
