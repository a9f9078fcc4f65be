// From bound SELECTs to one Program: their nodes become one list, and lookups that are joined in
// the same way become one probe.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sql/binder.h"
#include "sql/bound_select.h"
#include "sql/join_order.h"
#include "sql/program.h"

namespace turntable::sql {

class ProgramBuilder {
 public:
  ProgramBuilder(const BindOptions& options, Faults& faults)
      : options_(options), faults_(faults), pool_(program_.nodes) {}

  // The SELECT is complete, reads the same stream as those before it, and `outputs` are made of its
  // nodes. `at` is the INSERT's place.
  void add_insert(const std::string& sink, const BoundSelect& select, const JoinOrder& order,
                  const std::vector<Output>& outputs, Location at);

  [[nodiscard]] Program finish() { return std::move(program_); }

 private:
  // What becomes of the tables of one SELECT, by their number there.
  using TableNumbers = std::unordered_map<uint32_t, uint32_t>;

  void set_stream(const SelectTable& stream);
  uint32_t hidden_column(const ColumnDef& definition);
  // The number of the probe that joins the lookup so, an old one or a new one; nothing, and a
  // fault, where there are too many.
  std::optional<uint32_t> probe_for(const BoundSelect& select, const OrderedJoin& join,
                                    const InsertProgram& insert, TableNumbers& numbers,
                                    NodeCopier& copier, Location at);
  [[nodiscard]] bool is_joined_so(uint32_t probe, const OrderedJoin& join, const MapColumn& map,
                                  const NodeCopier& copier) const;
  [[nodiscard]] MapColumn map_of(const BoundSelect& select, const TableNumbers& numbers);

  const BindOptions& options_;
  Faults& faults_;
  Program program_;
  NodePool pool_;
};

}  // namespace turntable::sql
