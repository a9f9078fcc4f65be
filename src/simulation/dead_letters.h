// Dead letters on a simulated disk, which is full at times.
#pragma once

#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "delivery/dead_letters.h"
#include "simulation/world.h"

namespace turntable {

class SimulatedDeadLetters final : public DeadLetters {
 public:
  // Each letter counts for so many bytes, so that a few of them fill what a lane may hold.
  // `names`: of the INSERTs.
  SimulatedDeadLetters(SimulatedWorld& world, int lane, size_t letter_bytes,
                       std::vector<std::string> names)
      : world_(world), lane_(lane), letter_bytes_(letter_bytes), names_(std::move(names)) {}

  void add(const RecordBatch& batch, std::span<const Reject> faults) override {
    world_.step();
    Pending& pending = pending_.emplace_back();
    pending.letter = letter_of(batch, faults, names_);
    for (const Reject& fault : faults)
      for (size_t insert = 0; insert < names_.size(); ++insert)
        if (fault.insert == insert || fault.insert == kEveryInsert)
          pending.fates[insert] = fate(fault.code);
  }

  Status flush() override {
    world_.step();
    if (!world_.calm && world_.chance(world_.faults.letters))
      world_.disk_full_until = world_.now() + Millis(world_.below(5'000));
    if (world_.now() < world_.disk_full_until) {
      world_.trace(lane_, "the dead letters' disk is full");
      ++world_.seen.disk_full;
      // A part may have been written. The others will be, and this one again.
      world_.letters_failing = true;
      if (!pending_.empty() && world_.below(2) == 0) {
        const Pending& first = pending_.front();
        write(first);
        ++world_.record(first.letter.partition, first.letter.offset).letters_limit;
      }
      return fail(ErrorKind::transient, "the disk is full");
    }
    if (!world_.calm && world_.chance(world_.faults.fatal)) {
      world_.deal_failure();
      return fail(ErrorKind::failed, "the folder is gone");
    }
    world_.trace(lane_, "dead letters written", static_cast<int64_t>(pending_.size()));
    world_.letters_failing = false;
    for (const Pending& pending : pending_) write(pending);
    pending_.clear();
    return {};
  }

  [[nodiscard]] size_t pending_bytes() const override {
    return world_.drop_letters ? 0 : pending_.size() * letter_bytes_;
  }
  [[nodiscard]] bool keeps() const override { return !world_.drop_letters; }
  [[nodiscard]] std::string name() const override { return "the simulated disk"; }

 private:
  struct Pending {
    Letter letter;
    std::array<Fate, SimulatedRecord::kMostInserts> fates{};
  };

  static Fate fate(RejectCode code) {
    if (code == RejectCode::unmatched) return Fate::unmatched;
    return code == RejectCode::row_refused ? Fate::refused : Fate::malformed;
  }

  void write(const Pending& pending) {
    const Letter& letter = pending.letter;
    world_.write_letter(letter.partition, letter.offset, pending.fates, letter.value.value_or(""));
    if (world_.replays() && keeps()) world_.letters.push_back(letter);
  }

  SimulatedWorld& world_;
  const int lane_;
  const size_t letter_bytes_;
  const std::vector<std::string> names_;
  std::vector<Pending> pending_;
};

}  // namespace turntable
