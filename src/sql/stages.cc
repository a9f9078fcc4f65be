#include "sql/stages.h"

#include <algorithm>

#include "base/check.h"

namespace turntable::sql {
namespace {

// Stages are numbered in the order in which they run.
constexpr size_t kStreamFilters = 0;
size_t keys_stage(size_t probe) {
  return 1 + 2 * probe;
}
size_t conditions_stage(size_t probe) {
  return 2 + 2 * probe;
}

// Which INSERTs need which nodes at each stage, arguments included.
class StageNeeds {
 public:
  StageNeeds(const Program& program, std::span<const std::vector<NodeId>> outputs)
      : program_(program),
        stages_(3 + 2 * program.probes.size(),
                std::vector<InsertSet>(program.nodes.size(), InsertSet())) {
    for (size_t insert = 0; insert < program.inserts.size(); ++insert) {
      const InsertProgram& made = program.inserts[insert];
      for (const NodeId filter : made.filters)
        need(needs_no_lookup(program.nodes[filter]) ? kStreamFilters : joined_filters(), insert,
             std::span(&filter, 1));
      for (const Join& join : made.joins) {
        const Probe& probe = program.probes[join.probe];
        for (const JoinKey& key : probe.keys)
          need(keys_stage(join.probe), insert, std::span(&key.probe, 1));
        need(conditions_stage(join.probe), insert, probe.conditions);
      }
      need(this->outputs(), insert, outputs[insert]);
    }
  }

  [[nodiscard]] size_t joined_filters() const { return stages_.size() - 2; }
  [[nodiscard]] size_t outputs() const { return stages_.size() - 1; }
  [[nodiscard]] size_t stages() const { return stages_.size(); }
  [[nodiscard]] InsertSet at(size_t stage, NodeId node) const { return stages_[stage][node]; }

 private:
  void need(size_t stage, size_t insert, std::span<const NodeId> wanted) {
    for (const NodeId node : program_.needed_for(wanted))
      stages_[stage][node] |= InsertSet::of(insert);
  }

  const Program& program_;
  std::vector<std::vector<InsertSet>> stages_;  // By stage, then by node.
};

// The INSERTs that join the probe with LEFT JOIN.
InsertSet left_joiners(const Program& program, size_t probe) {
  InsertSet found;
  for (size_t insert = 0; insert < program.inserts.size(); ++insert)
    for (const Join& join : program.inserts[insert].joins)
      if (join.probe == probe && join.left) found |= InsertSet::of(insert);
  return found;
}

}  // namespace

bool needs_no_lookup(const Node& node) {
  return (node.tables & ~uint32_t{1}) == 0;
}

Stages stages_of(const Program& program, std::span<const std::vector<NodeId>> outputs) {
  CHECK(outputs.size() == program.inserts.size());
  const StageNeeds needs(program, outputs);
  std::vector<std::vector<Step>> steps(needs.stages());
  // Adds a step at the first stage from `begin` on that needs the node, for those of `allowed` that
  // will need it.
  const auto add_step = [&](NodeId node, size_t begin, InsertSet allowed) {
    InsertSet users;
    size_t first = needs.stages();
    for (size_t stage = needs.stages(); stage-- > begin;) {
      const InsertSet here = needs.at(stage, node);
      if (here.empty()) continue;
      users |= here & allowed;
      first = stage;
    }
    if (!users.empty()) steps[first].push_back({node, users});
  };
  const InsertSet all = InsertSet::first(program.inserts.size());
  for (NodeId node = 0; node < program.nodes.size(); ++node) {
    add_step(node, 0, all);
    for (size_t probe = 0; probe < program.probes.size(); ++probe) {
      const bool needs_lookup = ((program.nodes[node].tables >> (probe + 1)) & 1U) != 0;
      const size_t tested = conditions_stage(probe);
      if (needs_lookup && !needs.at(tested, node).empty())
        add_step(node, tested + 1, left_joiners(program, probe));
    }
  }
  Stages stages;
  stages.stream_filters = std::move(steps[kStreamFilters]);
  for (size_t probe = 0; probe < program.probes.size(); ++probe) {
    Stages::Probing probing{.keys = std::move(steps[keys_stage(probe)]),
                            .conditions = std::move(steps[conditions_stage(probe)]),
                            .inserts = {}};
    for (size_t insert = 0; insert < program.inserts.size(); ++insert)
      for (const Join& join : program.inserts[insert].joins)
        if (join.probe == probe) probing.inserts |= InsertSet::of(insert);
    stages.probes.push_back(std::move(probing));
  }
  stages.joined_filters = std::move(steps[needs.joined_filters()]);
  stages.outputs = std::move(steps[needs.outputs()]);
  return stages;
}

std::vector<NodeId> Stages::nodes() const {
  std::vector<NodeId> all;
  const auto add = [&all](const std::vector<Step>& steps) {
    for (const Step& step : steps) all.push_back(step.node);
  };
  add(stream_filters);
  for (const Probing& probe : probes) {
    add(probe.keys);
    add(probe.conditions);
  }
  add(joined_filters);
  add(outputs);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace turntable::sql
