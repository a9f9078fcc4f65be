// Stages of programs that are built by hand, and of random ones: these are run on paper, to see
// that every value is there when it is needed.
#include "sql/stages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>

#include "sql/functions.h"

namespace turntable::sql {
namespace {

// A program whose nodes have no values: only what they are made of counts.
class ProgramByHand {
 public:
  NodeId column(uint32_t table) {
    return add({.what = ColumnRef{table, next_column_++}, .tables = uint32_t{1} << table});
  }
  NodeId literal() { return add({.what = Literal(int64_t{next_column_++})}); }
  NodeId call(std::vector<NodeId> arguments) {
    uint32_t tables = 0;
    for (const NodeId argument : arguments) tables |= program.nodes[argument].tables;
    static const Function kFunction{.name = "f"};
    return add({.what = Call{.function = &kFunction, .arguments = std::move(arguments)},
                .tables = tables});
  }
  void probe(std::vector<NodeId> keys, std::vector<NodeId> conditions = {}) {
    Probe made;
    const auto table = static_cast<uint32_t>(program.probes.size() + 1);
    for (const NodeId key : keys) made.keys.push_back({.probe = key, .stored = column(table)});
    made.conditions = std::move(conditions);
    program.probes.push_back(std::move(made));
  }
  void insert(std::vector<Join> joins, std::vector<NodeId> filters, std::vector<NodeId> written) {
    program.inserts.push_back({.joins = std::move(joins), .filters = std::move(filters)});
    outputs.push_back(std::move(written));
  }
  [[nodiscard]] Stages stages() const { return stages_of(program, outputs); }

  Program program;
  std::vector<std::vector<NodeId>> outputs;

 private:
  NodeId add(Node node) {
    program.nodes.push_back(std::move(node));
    return static_cast<NodeId>(program.nodes.size() - 1);
  }
  uint32_t next_column_ = 0;
};

// "1{0} 2{0,1}"
std::string shown(const std::vector<Step>& steps) {
  std::string out;
  for (const Step& step : steps) {
    out += (out.empty() ? "" : " ") + std::to_string(step.node) + "{";
    for (size_t insert = 0, written = 0; insert < kInsertsLimit; ++insert)
      if (step.inserts.has(insert)) out += (written++ > 0 ? "," : "") + std::to_string(insert);
    out += "}";
  }
  return out;
}

TEST(Stages, FiltersOnTheStreamComeBeforeTheJoins) {
  ProgramByHand by_hand;
  const NodeId name = by_hand.column(0);                   // 0
  const NodeId constant = by_hand.literal();               // 1
  const NodeId is_named = by_hand.call({name, constant});  // 2
  by_hand.probe({name});                                   // 3 is stored
  const NodeId tempo = by_hand.column(1);                  // 4
  const NodeId is_fast = by_hand.call({tempo, name});      // 5
  const NodeId shown_tempo = by_hand.call({tempo});        // 6
  by_hand.insert({{.probe = 0}}, {is_fast, is_named, constant}, {shown_tempo, name});
  const Stages stages = by_hand.stages();
  EXPECT_EQ(shown(stages.stream_filters), "0{0} 1{0} 2{0}");
  ASSERT_EQ(stages.probes.size(), 1U);
  EXPECT_EQ(stages.probes[0].inserts, InsertSet::of(0));
  EXPECT_EQ(shown(stages.probes[0].keys), "");
  EXPECT_EQ(shown(stages.probes[0].conditions), "");
  EXPECT_EQ(shown(stages.joined_filters), "4{0} 5{0}");
  EXPECT_EQ(shown(stages.outputs), "6{0}");
  EXPECT_EQ(stages.nodes(), (std::vector<NodeId>{0, 1, 2, 4, 5, 6}));
}

// INSERT 0 filters by what INSERT 1 writes, and INSERT 1 joins by what INSERT 0 writes.
TEST(Stages, ANodeIsComputedOnceForAllThatWillNeedIt) {
  ProgramByHand by_hand;
  const NodeId x = by_hand.column(0);       // 0
  const NodeId f = by_hand.call({x});       // 1
  const NodeId y = by_hand.column(0);       // 2
  const NodeId key = by_hand.call({y});     // 3
  by_hand.probe({key});                     // 4 is stored
  const NodeId g = by_hand.call({key, f});  // 5
  by_hand.insert({}, {f}, {key});
  by_hand.insert({{.probe = 0}}, {}, {f, g});
  by_hand.insert({}, {}, {y});
  const Stages stages = by_hand.stages();
  EXPECT_EQ(shown(stages.stream_filters), "0{0,1} 1{0,1}");
  // Only INSERT 1 needs it here; INSERT 0 and 2 will need it.
  EXPECT_EQ(shown(stages.probes[0].keys), "2{0,1,2} 3{0,1}");
  EXPECT_EQ(stages.probes[0].inserts, InsertSet::of(1));
  EXPECT_EQ(shown(stages.outputs), "5{1}");
}

TEST(Stages, LookupsInAChainHaveTheirKeysInOrder) {
  ProgramByHand by_hand;
  const NodeId song = by_hand.column(0);                  // 0
  by_hand.probe({song});                                  // 1 is stored
  const NodeId artist = by_hand.column(1);                // 2
  const NodeId country = by_hand.column(2);               // 3
  const NodeId is_known = by_hand.call({country, song});  // 4
  by_hand.probe({artist}, {is_known});                    // 5 is stored
  by_hand.insert({{.probe = 0}, {.probe = 1}}, {}, {country});
  by_hand.insert({{.probe = 0}}, {}, {artist});
  const Stages stages = by_hand.stages();
  EXPECT_EQ(shown(stages.probes[0].keys), "0{0,1}");
  EXPECT_EQ(shown(stages.probes[1].keys), "2{0,1}");
  EXPECT_EQ(shown(stages.probes[1].conditions), "3{0} 4{0}");
  EXPECT_EQ(shown(stages.outputs), "");
  EXPECT_EQ(stages.probes[0].inserts, InsertSet::first(2));
  EXPECT_EQ(stages.probes[1].inserts, InsertSet::of(0));
}

// Where a condition of LEFT JOIN is not true, the lookup's columns are NULL from then on, which
// they were not when the condition was computed.
TEST(Stages, WhatAConditionReadIsReadAnewBehindALeftJoin) {
  ProgramByHand by_hand;
  const NodeId song = by_hand.column(0);               // 0
  const NodeId tempo = by_hand.column(1);              // 1
  const NodeId twice = by_hand.call({tempo});          // 2
  const NodeId is_fast = by_hand.call({twice, song});  // 3
  by_hand.probe({song}, {is_fast});                    // 4 is stored
  const NodeId text = by_hand.call({twice});           // 5
  by_hand.insert({{.probe = 0, .left = true}}, {text}, {tempo});
  by_hand.insert({{.probe = 0}}, {}, {tempo});
  by_hand.insert({{.probe = 0, .left = true}}, {}, {song});
  const Stages stages = by_hand.stages();
  EXPECT_EQ(shown(stages.probes[0].keys), "0{0,1,2}");
  EXPECT_EQ(shown(stages.probes[0].conditions), "1{0,1,2} 2{0,1,2} 3{0,1,2}");
  EXPECT_EQ(shown(stages.joined_filters), "1{0} 2{0} 5{0}");
  EXPECT_EQ(shown(stages.outputs), "");
  EXPECT_EQ(stages.nodes(), (std::vector<NodeId>{0, 1, 2, 3, 5}));
}

TEST(Stages, AProgramWithoutNeedsHasNoSteps) {
  ProgramByHand by_hand;
  by_hand.column(0);
  by_hand.insert({}, {}, {});
  const Stages stages = by_hand.stages();
  EXPECT_TRUE(stages.nodes().empty());
  EXPECT_TRUE(stages.probes.empty());
}

// --- Random programs

class RandomProgram {
 public:
  explicit RandomProgram(uint32_t seed) : random_(seed) {
    const auto probes = static_cast<uint32_t>(below(4));
    for (uint32_t table = 0; table <= probes; ++table)
      for (int i = 0; i < 3; ++i) by_hand.column(table);
    by_hand.literal();
    // Most calls are of a few tables, as those of all tables are of little use.
    for (size_t calls = below(40); calls > 0; --calls) {
      std::vector<NodeId> arguments;
      for (size_t count = 1 + below(3); count > 0; --count)
        arguments.push_back(static_cast<NodeId>(below(by_hand.program.nodes.size())));
      by_hand.call(std::move(arguments));
    }
    for (uint32_t probe = 0; probe < probes; ++probe)
      by_hand.probe(some(first_tables(probe + 1), 1 + below(2)),
                    some(first_tables(probe + 2), below(3)));
    for (size_t inserts = 1 + below(5); inserts > 0; --inserts) add_insert();
  }

  ProgramByHand by_hand;

 private:
  size_t below(size_t limit) { return random_() % limit; }
  static uint32_t first_tables(uint32_t count) { return (uint32_t{1} << count) - 1; }

  // Nodes that need no other tables.
  std::vector<NodeId> some(uint32_t tables, size_t count) {
    std::vector<NodeId> choices;
    for (NodeId node = 0; node < by_hand.program.nodes.size(); ++node)
      if ((by_hand.program.nodes[node].tables & ~tables) == 0) choices.push_back(node);
    std::vector<NodeId> found;
    for (; count > 0; --count) found.push_back(choices[below(choices.size())]);
    return found;
  }

  void add_insert() {
    const Program& program = by_hand.program;
    uint32_t tables = 1;
    std::vector<Join> joins;
    for (size_t probe = program.probes.size(); probe-- > 0;) {
      const uint32_t bit = uint32_t{2} << probe;
      if ((tables & bit) == 0 && below(2) == 0) continue;
      tables |= bit;
      for (const JoinKey& key : program.probes[probe].keys)
        tables |= program.nodes[key.probe].tables;
      for (const NodeId condition : program.probes[probe].conditions)
        tables |= program.nodes[condition].tables;
      joins.push_back({.probe = static_cast<uint32_t>(probe), .left = below(2) == 0});
    }
    std::reverse(joins.begin(), joins.end());
    std::vector<NodeId> filters = some(tables, below(4));
    by_hand.insert(std::move(joins), std::move(filters), some(tables, below(6)));
  }

  std::mt19937 random_;
};

// Runs the stages of a program, and knows for every INSERT which values are right.
class PaperRun {
 public:
  explicit PaperRun(const ProgramByHand& by_hand)
      : program_(by_hand.program), stages_(by_hand.stages()), outputs_(by_hand.outputs) {
    right_.resize(program_.inserts.size());
  }

  void run() {
    steps(stages_.stream_filters);
    for (size_t insert = 0; insert < program_.inserts.size(); ++insert)
      for (const NodeId filter : program_.inserts[insert].filters)
        if ((program_.nodes[filter].tables & ~1U) == 0) need(insert, filter);
    ASSERT_EQ(stages_.probes.size(), program_.probes.size());
    for (size_t probe = 0; probe < program_.probes.size(); ++probe) run_probe(probe);
    steps(stages_.joined_filters);
    for (size_t insert = 0; insert < program_.inserts.size(); ++insert)
      for (const NodeId filter : program_.inserts[insert].filters) need(insert, filter);
    steps(stages_.outputs);
    for (size_t insert = 0; insert < program_.inserts.size(); ++insert)
      for (const NodeId output : outputs_[insert]) need(insert, output);
    // Nothing is computed in vain, and nothing twice but what a LEFT JOIN may have changed.
    for (const auto& [node, times] : computed_)
      EXPECT_LE(times, 1 + spoiled_.count(node)) << "node " << node;
    std::set<NodeId> all;
    for (const auto& [node, times] : computed_) all.insert(node);
    EXPECT_EQ(stages_.nodes(), std::vector<NodeId>(all.begin(), all.end()));
  }

  // Steps that nobody used, for an INSERT at least.
  [[nodiscard]] const std::set<std::pair<NodeId, size_t>>& unused() const { return unused_; }
  [[nodiscard]] size_t computed_again() const { return spoiled_and_computed_; }

 private:
  void run_probe(size_t probe) {
    InsertSet joiners;
    for (size_t insert = 0; insert < program_.inserts.size(); ++insert)
      for (const Join& join : program_.inserts[insert].joins)
        if (join.probe == probe) joiners |= InsertSet::of(insert);
    EXPECT_EQ(stages_.probes[probe].inserts, joiners);
    steps(stages_.probes[probe].keys);
    for (size_t insert = 0; insert < program_.inserts.size(); ++insert)
      if (joiners.has(insert))
        for (const JoinKey& key : program_.probes[probe].keys) need(insert, key.probe);
    found_ |= uint32_t{2} << probe;
    steps(stages_.probes[probe].conditions);
    for (size_t insert = 0; insert < program_.inserts.size(); ++insert)
      if (joiners.has(insert))
        for (const NodeId condition : program_.probes[probe].conditions) need(insert, condition);
    // From here on there may be no match.
    for (size_t insert = 0; insert < program_.inserts.size(); ++insert)
      for (const Join& join : program_.inserts[insert].joins)
        if (join.probe == probe && join.left)
          std::erase_if(right_[insert], [&](NodeId node) {
            const bool spoiled = ((program_.nodes[node].tables >> (probe + 1)) & 1U) != 0;
            if (spoiled) spoiled_.insert(node);
            return spoiled;
          });
  }

  void steps(const std::vector<Step>& steps) {
    for (size_t i = 0; i < steps.size(); ++i) {
      const NodeId node = steps[i].node;
      EXPECT_TRUE(i == 0 || steps[i - 1].node < node);
      EXPECT_FALSE(steps[i].inserts.empty());
      EXPECT_EQ(program_.nodes[node].tables & ~found_, 0U) << "no row was looked up yet";
      if (++computed_[node] > 1) ++spoiled_and_computed_;
      const auto* call = std::get_if<Call>(&program_.nodes[node].what);
      for (size_t insert = 0; insert < program_.inserts.size(); ++insert) {
        if (!steps[i].inserts.has(insert)) continue;
        if (call != nullptr)
          for (const NodeId argument : call->arguments) need(insert, argument);
        right_[insert].insert(node);
        unused_.insert({node, insert});
      }
    }
  }

  void need(size_t insert, NodeId node) {
    EXPECT_TRUE(right_[insert].contains(node)) << "node " << node << ", INSERT " << insert;
    unused_.erase({node, insert});
  }

  const Program& program_;
  const Stages stages_;
  const std::vector<std::vector<NodeId>>& outputs_;
  uint32_t found_ = 1;                   // Tables whose rows are known.
  std::vector<std::set<NodeId>> right_;  // By INSERT: nodes whose values are right for it.
  std::map<NodeId, size_t> computed_;    // How often.
  std::set<NodeId> spoiled_;             // By a LEFT JOIN.
  std::set<std::pair<NodeId, size_t>> unused_;
  size_t spoiled_and_computed_ = 0;
};

TEST(Stages, RandomProgramsHaveEveryValueWhenItIsNeeded) {
  size_t again = 0;
  for (uint32_t seed = 0; seed < 3'000; ++seed) {
    SCOPED_TRACE(seed);
    const RandomProgram random(seed);
    PaperRun run(random.by_hand);
    run.run();
    EXPECT_TRUE(run.unused().empty());
    again += run.computed_again();
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(again, 100U);
}

}  // namespace
}  // namespace turntable::sql
