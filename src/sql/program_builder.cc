#include "sql/program_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"

namespace turntable::sql {

void ProgramBuilder::set_stream(const SelectTable& stream) {
  if (!program_.source.empty()) return;
  program_.source = stream.name;
  program_.declared_columns = stream.declared_columns;
  program_.stream_schema.assign(stream.schema.begin(),
                                stream.schema.begin() + stream.declared_columns);
}

// Hidden columns join the stream's when they are first used.
uint32_t ProgramBuilder::hidden_column(const ColumnDef& definition) {
  Schema& schema = program_.stream_schema;
  const auto place =
      std::find_if(schema.begin() + program_.declared_columns, schema.end(),
                   [&](const ColumnDef& other) { return other.name == definition.name; });
  const auto index = static_cast<uint32_t>(place - schema.begin());
  if (place == schema.end()) schema.push_back(definition);
  return index;
}

MapColumn ProgramBuilder::map_of(const BoundSelect& select, const TableNumbers& numbers) {
  return [this, &select, &numbers](ColumnRef ref) {
    const SelectTable& table = select.tables[ref.table];
    if (table.is_lookup) return ColumnRef{.table = numbers.at(ref.table), .column = ref.column};
    const bool hidden = ref.column >= table.declared_columns;
    return ColumnRef{.table = 0,
                     .column = hidden ? hidden_column(table.schema[ref.column]) : ref.column};
  };
}

bool ProgramBuilder::is_joined_so(uint32_t probe, const OrderedJoin& join, const MapColumn& map,
                                  const NodeCopier& copier) const {
  const Probe& there = program_.probes[probe];
  if (there.keys.size() != join.keys.size() || there.conditions.size() != join.conditions.size())
    return false;
  std::set<std::pair<NodeId, NodeId>> keys;
  for (const JoinKey& key : there.keys) keys.emplace(key.probe, key.stored);
  for (const JoinKey& key : join.keys) {
    const auto from = copier.find(key.probe, map);
    const auto stored = copier.find(key.stored, map);
    if (!from || !stored || !keys.contains({*from, *stored})) return false;
  }
  return std::all_of(join.conditions.begin(), join.conditions.end(), [&](NodeId condition) {
    const auto found = copier.find(condition, map);
    return found && std::find(there.conditions.begin(), there.conditions.end(), *found) !=
                        there.conditions.end();
  });
}

namespace {

// Probes are made in the order of their numbers. Which of two lookups is missed first decides what
// becomes of a record, so that an INSERT shares another one's probe only where the order of its own
// joins stays.
bool keeps_order(const InsertProgram& insert, uint32_t probe) {
  return insert.joins.empty() || insert.joins.back().probe < probe ||
         std::any_of(insert.joins.begin(), insert.joins.end(),
                     [probe](const Join& join) { return join.probe == probe; });
}

}  // namespace

std::optional<uint32_t> ProgramBuilder::probe_for(const BoundSelect& select,
                                                  const OrderedJoin& join,
                                                  const InsertProgram& insert,
                                                  TableNumbers& numbers, NodeCopier& copier,
                                                  Location at) {
  const SelectTable& table = select.tables[join.table];
  const auto count = static_cast<uint32_t>(program_.probes.size());
  const MapColumn map = map_of(select, numbers);
  for (uint32_t probe = 0; probe < count; ++probe) {
    if (program_.probes[probe].table != table.name || !keeps_order(insert, probe)) continue;
    numbers[join.table] = probe + 1;
    if (is_joined_so(probe, join, map, copier)) return probe;
  }
  if (count + 1 >= kTablesLimit) {
    faults_.add(at, fmt::format("the lookups are joined in more than {} ways: {} is one too many",
                                kTablesLimit - 1, printable(table.name)));
    return std::nullopt;
  }
  numbers[join.table] = count + 1;
  const auto lookup = options_.lookups.find(table.name);
  Probe made{.table = table.name,
             .schema = table.schema,
             .keys = {},
             .drop_missing = lookup != options_.lookups.end() && lookup->second.drop_missing};
  for (const JoinKey& key : join.keys)
    made.keys.push_back({copier.copy(key.probe, map), copier.copy(key.stored, map)});
  for (const NodeId condition : join.conditions)
    made.conditions.push_back(copier.copy(condition, map));
  program_.probes.push_back(std::move(made));
  return count;
}

void ProgramBuilder::add_insert(const std::string& sink, const BoundSelect& select,
                                const JoinOrder& order, const std::vector<Output>& outputs,
                                Location at) {
  set_stream(select.tables[order.stream]);
  InsertProgram insert{.sink = sink};
  TableNumbers numbers;
  NodeCopier copier(select.nodes, pool_);
  for (const OrderedJoin& join : order.joins) {
    const auto probe = probe_for(select, join, insert, numbers, copier, at);
    if (!probe) return;
    const bool left = select.tables[join.table].left;
    const auto again = std::find_if(insert.joins.begin(), insert.joins.end(),
                                    [&](const Join& other) { return other.probe == *probe; });
    if (again == insert.joins.end()) {
      insert.joins.push_back({.probe = *probe, .left = left});
    } else {
      // The same row twice: it is there for both or for none.
      again->left = again->left && left;
    }
  }
  const MapColumn map = map_of(select, numbers);
  const auto add_filter = [&](NodeId filter) {
    const NodeId copy = copier.copy(filter, map);
    if (std::find(insert.filters.begin(), insert.filters.end(), copy) == insert.filters.end())
      insert.filters.push_back(copy);
  };
  for (const NodeId filter : order.filters) add_filter(filter);
  for (const NodeId filter : select.filters) add_filter(filter);
  for (const Output& output : outputs)
    insert.outputs.push_back(
        {output.name, output.type, copier.copy(output.node, map), output.composite});
  program_.inserts.push_back(std::move(insert));
}

}  // namespace turntable::sql
