// Lanes under everything that can go wrong at once, decided by a seed: late, lost and reordered
// acknowledgements, a cluster or a disk that is away, a table that is made anew, rows that are
// refused, partitions that move
// and come back, failures, crashes and stops at any step. Time is virtual and there is one thread,
// so a seed always does the same.
//
// What is checked, and when, is said in world.h and SimulatedProcess::check_end(). After
// its lives under faults each seed has one in calm, after which everything must be delivered.
//
//   TURNTABLE_SEED=n    plays one seed
//   TURNTABLE_SEEDS=n   plays so many
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <utility>

#include "base/log.h"
#include "simulation/replay.h"

namespace turntable {
namespace {

// Millions of steps in all where the program is optimised.
#if defined(__OPTIMIZE__) && !defined(TURNTABLE_FIBERS_ARE_WATCHED)
constexpr uint64_t kSeeds = 5000;
#else
constexpr uint64_t kSeeds = 200;
#endif

uint64_t number_from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Each kind of fault is absent, rare or frequent: rare ones show what frequent ones hide.
Faults draw_faults(uint64_t seed) {
  std::mt19937_64 random(seed * 2 + 1);
  const auto draw = [&random](double rare, double frequent) {
    const uint64_t die = random() % 4;
    return die == 0 ? frequent : die == 1 ? rare : 0.0;
  };
  return {.late = draw(0.02, 0.3),
          .lost_ack = draw(0.02, 0.3),
          .outage = draw(0.001, 0.02),
          .bad_record = draw(0.02, 0.5),
          .refused = draw(0.02, 0.2),
          .letters = draw(0.02, 0.4),
          .rebalance = draw(0.002, 0.03),
          .lost = draw(0.1, 0.6),
          .dry = draw(0.005, 0.05),
          .fatal = draw(0.0002, 0.002),
          .crash = draw(0.3, 0.9),
          .stop = draw(0.2, 0.6),
          .file = draw(0.01, 0.2),
          .replaced = draw(0.0002, 0.002),
          .hang = draw(0.01, 0.1),
          .filtered = draw(0.1, 0.6),
          .tombstone = draw(0.05, 0.4)};
}

// A CHECK that fails ends the program before the test can say which seed it was.
volatile std::sig_atomic_t playing = 0;
void say_seed(int) {
  std::fprintf(stderr, "the simulation was at TURNTABLE_SEED=%d\n", static_cast<int>(playing));
}

class Simulation : public testing::Test {
 protected:
  void SetUp() override {
    log::open(log::Level::error);  // Warnings of troubles that are meant.
    std::signal(SIGABRT, say_seed);
  }
  void TearDown() override {
    std::signal(SIGABRT, SIG_DFL);
    log::open(log::Level::warn);
  }

  // Where the tables are. Two stores are a file and a cluster.
  enum class Sinks { clusters, files, both, two_stores };
  enum class Keys { of_records, repeated, both };
  // How many INSERTs there are, and so tables.
  struct Inserts {
    size_t from;
    size_t to;
  };

  // Plays one seed to its end. False where a fault was found.
  bool play(uint64_t seed, const Faults& faults, Sinks sinks, Keys keys = Keys::of_records,
            Inserts inserts = {1, 1}) {
    playing = static_cast<int>(seed);
    SimulatedWorld world(seed, faults);
    world.inserts = inserts.from + seed / 6 % (inserts.to - inserts.from + 1);
    const bool two_stores = sinks == Sinks::two_stores || (sinks == Sinks::both && seed % 4 == 0);
    const bool in_file = sinks == Sinks::files || (sinks == Sinks::both && seed % 3 == 0);
    for (size_t insert = 0; insert < world.inserts; ++insert)
      world.in_file[insert] =
          two_stores && world.inserts > 1 ? insert % 2 == seed / 12 % 2 : in_file;
    world.keeps_positions = in_file && !(two_stores && world.inserts > 1);
    world.keys_repeat = keys == Keys::repeated || (keys == Keys::both && seed % 2 == 0);
    static constexpr std::array kRules{Tombstones::delete_row, Tombstones::skip,
                                       Tombstones::dead_letter};
    world.tombstones = kRules[seed / 5 % kRules.size()];
    if (!world.keys_repeat && world.tombstones == Tombstones::delete_row)
      world.tombstones = Tombstones::skip;
    try {
      play(world);
    } catch (const SimulatedCrash&) {
      // A fault that was found outside of any lane.
    }
    steps_ += world.steps();
    seen_ += world.seen;
    for (const SimulatedKeys& of_table : world.keys) {
      seen_.overwrites += of_table.overwrites;
      seen_.late_rows += of_table.late;
      seen_.nulls += of_table.nulls_over_values;
      seen_.excused += of_table.excused_rows;
      seen_.deletions += of_table.deletions;
      seen_.late_for_deletions += of_table.late_for_deletions;
    }
    if (world.fault().empty()) return true;
    ADD_FAILURE() << "TURNTABLE_SEED=" << seed << ": " << world.fault() << "\nlately:\n"
                  << world.story();
    return false;
  }

  uint64_t steps_ = 0;
  uint64_t lives_ = 0;
  Seen seen_;

 private:
  void play(SimulatedWorld& world) {
    // Now and then one partition with so many records that the ledger forgets the first of them.
    if (world.below(100) == 0) {
      world.make_topic(1, 10'000);
    } else {
      world.make_topic(1 + world.below(5), 20 + world.below(300));
    }
    world.drop_letters = world.below(8) == 0;
    for (uint64_t lives = world.below(5); lives > 0 && world.fault().empty(); --lives) live(world);
    if (!world.fault().empty()) return;
    world.calm = true;
    live(world);
    if (world.fault().empty()) check_all_is_delivered(world);
    if (!world.replays() || !world.fault().empty()) return;
    world.check_keys();
    replay_letters(world, pipeline(world));
    world.check_keys();
    check_all_is_delivered(world);
  }

  void live(SimulatedWorld& world) {
    ++lives_;
    SimulatedProcess(world, pipeline(world)).run();
  }

  static void check_all_is_delivered(SimulatedWorld& world) {
    for (PartitionId p = 0; static_cast<size_t>(p) < world.topic.size(); ++p) {
      const auto& partition = world.at(p);
      if (partition.records.empty()) continue;
      const Offset end = partition.records.back().offset + 1;
      if (partition.committed != end)
        world.fail(fmt::format("partition {} is committed up to {}, not to its end {}", p,
                               partition.committed, end));
      world.check_durable(p, partition.records.front().offset, end, "delivered");
    }
  }

  const SimulatedPipeline& pipeline(const SimulatedWorld& world) {
    auto& pipeline = pipelines_[{world.inserts, world.keys_repeat}];
    if (!pipeline.enrich) pipeline = SimulatedPipeline::made(world.inserts, world.keys_repeat);
    return pipeline;
  }

  // By the number of INSERTs, and whether keys repeat.
  std::map<std::pair<size_t, bool>, SimulatedPipeline> pipelines_;
};

TEST_F(Simulation, DeliversEverythingUnderAnyFaults) {
  const uint64_t all = number_from_environment("TURNTABLE_SEEDS", kSeeds);
  const uint64_t only = number_from_environment("TURNTABLE_SEED", all);
  const uint64_t first = only == all ? 0 : only;
  const uint64_t last = only == all ? all : only + 1;
  uint64_t seed = first;
  while (seed < last && play(seed, draw_faults(seed), Sinks::both, Keys::both, {1, 3})) ++seed;
  fmt::print(
      "{} seeds, {} lives, {} steps; {} crashes, {} stops, {} failures, {} partitions revoked, {} "
      "lost, {} records given back, {} acknowledgements reordered, {} lost, {} late, {} of them "
      "into the next assignment; {} records read again; {} transactions met a full disk, {} ran on "
      "after their partitions were given back; {} rows met another one of their key, {} of them "
      "late, {} with NULL over a value; {} letters replayed; {} keys excused; {} tables made "
      "anew; {} rows acknowledged in the first INSERT, {} in the second, {} in the third; {} "
      "outcomes left out by WHERE, {} dropped; {} records that are a row here and a letter there; "
      "{} "
      "tombstones, {} deletions, {} rows that were older than one and came later\n",
      seed - first, lives_, steps_, seen_.crashes, seen_.stops, seen_.failures, seen_.revoked,
      seen_.lost, seen_.returned, seen_.reordered, seen_.lost_acks, seen_.late_acks,
      seen_.into_the_next, seen_.read_again, seen_.file_full, seen_.hung, seen_.overwrites,
      seen_.late_rows, seen_.nulls, seen_.replayed, seen_.excused, seen_.replaced, seen_.rows[0],
      seen_.rows[1], seen_.rows[2], seen_.filtered, seen_.dropped, seen_.halves, seen_.tombstones,
      seen_.deletions, seen_.late_for_deletions);
  if (seed - first < 5'000 || HasFailure()) return;  // A part of them only, or under a sanitizer.
  EXPECT_GT(steps_, 10'000'000U);
  for (const uint64_t seen : {seen_.crashes,
                              seen_.stops,
                              seen_.failures,
                              seen_.revoked,
                              seen_.lost,
                              seen_.returned,
                              seen_.reordered,
                              seen_.lost_acks,
                              seen_.late_acks,
                              seen_.into_the_next,
                              seen_.read_again,
                              seen_.file_full,
                              seen_.hung,
                              seen_.overwrites,
                              seen_.late_rows,
                              seen_.nulls,
                              seen_.replayed,
                              seen_.replaced,
                              seen_.rows[2],
                              seen_.filtered,
                              seen_.dropped,
                              seen_.halves,
                              seen_.tombstones,
                              seen_.deletions,
                              seen_.late_for_deletions})
    EXPECT_GT(seen, 100U);
}

// The mistakes that programs of this kind make again and again. Each is provoked by itself, where
// nothing else can hide it.
class RecurringMistake : public Simulation {
 protected:
  void provoke(const Faults& faults, Sinks sinks = Sinks::clusters, Keys keys = Keys::of_records,
               Inserts inserts = {1, 1}) {
    for (uint64_t seed = 0; seed < 150; ++seed)
      ASSERT_TRUE(play(seed, faults, sinks, keys, inserts));
  }
};

TEST_F(RecurringMistake, CommittingTheHighestAcknowledgement) {
  provoke({.late = 0.2, .crash = 0.5});
  EXPECT_GT(seen_.reordered, 1'000U);
}

TEST_F(RecurringMistake, CountingALateAcknowledgementForTheNextAssignment) {
  provoke({.late = 0.2, .rebalance = 0.03, .lost = 0.5});
  EXPECT_GT(seen_.revoked, 1'000U);
  EXPECT_GT(seen_.lost, 1'000U);
  EXPECT_GT(seen_.returned, 1'000U);
  EXPECT_GT(seen_.late_acks, 1'000U);
  EXPECT_GT(seen_.into_the_next, 100U);
}

TEST_F(RecurringMistake, CommittingWhatAnAsynchronousSinkHasOnlyTaken) {
  provoke({.late = 0.3, .rebalance = 0.01, .crash = 0.5, .stop = 0.5});
  EXPECT_GT(seen_.crashes, 30U);
  EXPECT_GT(seen_.stops, 50U);
}

TEST_F(RecurringMistake, TakingAnErrorForAnAcknowledgement) {
  provoke({.lost_ack = 0.1, .outage = 0.002, .refused = 0.1, .fatal = 0.002});
  EXPECT_GT(seen_.lost_acks, 100U);
  EXPECT_GT(seen_.away, 100U);
  EXPECT_GT(seen_.refused, 100U);
  EXPECT_GT(seen_.failures, 50U);
}

TEST_F(RecurringMistake, NotAwaitingADeadLetter) {
  provoke({.bad_record = 0.5, .letters = 0.4, .crash = 0.5, .stop = 0.5});
  EXPECT_GT(seen_.disk_full, 100U);
}

TEST_F(RecurringMistake, ADeadLetterThatHoldsThePositionForEver) {
  provoke({.bad_record = 1});
}

TEST_F(RecurringMistake, TakingOffsetsForContiguous) {
  provoke({});
  EXPECT_GT(seen_.gaps, 1'000U);
}

TEST_F(RecurringMistake, CommittingRowsOfATableThatIsNoMore) {
  provoke({.late = 0.1, .outage = 0.001, .refused = 0.05, .replaced = 0.005});
  EXPECT_GT(seen_.replaced, 100U);
  EXPECT_GT(seen_.failures, 50U);
}

TEST_F(RecurringMistake, KeepingAPositionThatIsNotThatOfTheRows) {
  provoke({.bad_record = 0.3, .letters = 0.2, .crash = 0.7, .stop = 0.3, .file = 0.1},
          Sinks::files);
  EXPECT_GT(seen_.crashes, 50U);
  EXPECT_GT(seen_.disk_full, 100U);
  EXPECT_GT(seen_.file_full, 100U);
}

TEST_F(RecurringMistake, WritingTwoRecordsOfAKeyWithOneTime) {
  provoke({}, Sinks::clusters, Keys::repeated);
  EXPECT_GT(seen_.overwrites, 10'000U);
  EXPECT_GT(seen_.nulls, 1'000U);
}

TEST_F(RecurringMistake, LettingTheOrderOfArrivalDecide) {
  provoke({.late = 0.3, .lost_ack = 0.2, .outage = 0.01}, Sinks::clusters, Keys::repeated);
  EXPECT_GT(seen_.late_rows, 1'000U);
}

TEST_F(RecurringMistake, TrustingTheNextOwnersClock) {
  provoke({.late = 0.3, .rebalance = 0.03, .stop = 0.5}, Sinks::clusters, Keys::repeated);
  EXPECT_GT(seen_.revoked, 1'000U);
  EXPECT_GT(seen_.late_rows, 1'000U);
  EXPECT_EQ(seen_.excused, 0U);
}

TEST_F(RecurringMistake, TrustingTheClockAfterAKill) {
  provoke({.late = 0.1, .crash = 0.9}, Sinks::clusters, Keys::repeated);
  EXPECT_GT(seen_.crashes, 50U);
  EXPECT_GT(seen_.overwrites, 10'000U);
}

TEST_F(RecurringMistake, TrustingTheClockAfterAKillInAFile) {
  provoke({.bad_record = 0.1, .refused = 0.1, .letters = 0.1, .crash = 0.9, .file = 0.1},
          Sinks::files, Keys::repeated);
  EXPECT_GT(seen_.crashes, 50U);
  EXPECT_GT(seen_.overwrites, 10'000U);
}

TEST_F(RecurringMistake, LettingAReplayedLetterHideANewerRow) {
  provoke({.bad_record = 0.3}, Sinks::both, Keys::repeated);
  EXPECT_GT(seen_.replayed, 1'000U);
}

TEST_F(RecurringMistake, LettingAnOlderRowComeBackAfterItsDeletion) {
  provoke({.late = 0.3,
           .lost_ack = 0.2,
           .outage = 0.01,
           .bad_record = 0.2,
           .stop = 0.5,
           .tombstone = 0.3},
          Sinks::both, Keys::repeated);
  EXPECT_GT(seen_.deletions, 1'000U);
  EXPECT_GT(seen_.late_for_deletions, 100U);
}

TEST_F(RecurringMistake, FinishingARecordWithTheFirstOfItsRows) {
  provoke({.late = 0.3, .lost_ack = 0.1, .crash = 0.7, .stop = 0.3}, Sinks::clusters,
          Keys::of_records, {2, 3});
  EXPECT_GT(seen_.crashes, 50U);
  EXPECT_GT(seen_.rows[2], 1'000U);
}

TEST_F(RecurringMistake, AwaitingAnOutcomeOfWhatWhereLeavesOut) {
  provoke({.filtered = 0.8}, Sinks::both, Keys::of_records, {1, 3});
  EXPECT_GT(seen_.filtered, 10'000U);
}

TEST_F(RecurringMistake, StoringAPositionPastTheOtherStoresRow) {
  provoke({.late = 0.2, .outage = 0.005, .crash = 0.7, .stop = 0.3, .file = 0.1, .hang = 0.05},
          Sinks::two_stores, Keys::of_records, {2, 3});
  EXPECT_GT(seen_.crashes, 50U);
  EXPECT_GT(seen_.away, 100U);
  EXPECT_GT(seen_.file_full, 100U);
}

TEST_F(RecurringMistake, WritingALetterBeforeAllItsFaultsAreKnown) {
  provoke({.bad_record = 0.3, .refused = 0.2, .letters = 0.2, .crash = 0.5, .filtered = 0.2},
          Sinks::both, Keys::both, {2, 3});
  EXPECT_GT(seen_.halves, 1'000U);
}

TEST_F(RecurringMistake, WritingRowsAgainThatALetterDoesNotName) {
  provoke({.bad_record = 0.4}, Sinks::both, Keys::of_records, {2, 3});
  EXPECT_GT(seen_.replayed, 1'000U);
}

}  // namespace
}  // namespace turntable
