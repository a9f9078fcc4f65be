// Computes nodes of a Program over the rows of a batch, column by column.
//
// A batch is computed step by step: whoever drives it says which node comes next, and for which
// rows. Between two steps it may narrow its selections and fill in what the joins found.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "row/arena.h"
#include "row/column.h"
#include "row/reject.h"
#include "sql/functions.h"
#include "sql/program.h"

namespace turntable::sql {

// Where the columns of one table come from.
struct TableInput {
  std::span<const Column> columns;
  // For row i of the batch, the row of `columns`. Null pointer: row i itself.
  const uint32_t* rows = nullptr;
};

// Owns one result column for each node that it computes; memory is kept from batch to batch. One
// thread.
class Evaluator {
 public:
  // Will compute `wanted` and all that they need. The program must outlive the evaluator, and stay
  // where it is. Texts of more than `bytes_limit` in all are too much for a batch.
  Evaluator(const Program& program, std::span<const NodeId> wanted, size_t bytes_limit = SIZE_MAX);

  // Begins a batch of `rows` rows; all values of the one before are gone. What `tables` names must
  // stay where it is until the next begin(); the rows of a lookup that were found may be filled in
  // later, before a node that needs them is computed.
  void begin(std::span<const TableInput> tables, size_t rows);

  // Computes the node for those rows. Its arguments have been computed for at least these.
  void compute(NodeId node, const Selection& rows);

  // What was computed since begin() has taken more than the limit: values are missing, whatever
  // their states say, and no result may be looked at.
  [[nodiscard]] bool is_full() const { return is_full_; }

  // Computes all that was wanted, for those rows.
  void compute_all(const Selection& rows);

  // The values of a node that was computed. The column may have more rows than the batch.
  [[nodiscard]] const Column& result(NodeId node) const;

  // Why the node's value failed in that row: the reason begins with the expression that is to
  // blame.
  [[nodiscard]] Reason why(NodeId node, uint32_t row) const;

  // Removes the rows in which one of `nodes` failed, and adds a reject for each: the first of
  // `nodes` that failed is the reason.
  void drop_failed(std::span<const NodeId> nodes, Selection& rows, Rejects& rejects) const;

 private:
  void compute_column(NodeId node, const ColumnRef& ref, const Selection& rows);
  void compute_constant(NodeId node, const Literal& value);
  void compute_call(NodeId node, const Call& call, const Selection& rows);
  void make_room(NodeId node);
  [[nodiscard]] CallInput input_of(NodeId node, const Call& call, Arena& arena) const;

  const Program& program_;
  std::vector<bool> may_fail_;       // By NodeId: false where no value can.
  std::vector<NodeId> order_;        // Nodes that may be computed, arguments first.
  std::vector<Column> columns_;      // By NodeId; those of other nodes stay empty.
  std::vector<const Column*> view_;  // Where a node's values are: columns_ or a table's own column.
  std::vector<std::vector<const Column*>> arguments_;   // By NodeId: the views of its arguments.
  std::vector<std::unique_ptr<FunctionState>> states_;  // By NodeId.
  std::vector<TableInput> tables_;                      // Of the batch at hand.
  size_t rows_ = 0;
  Arena arena_;  // Text computed for this batch.
  bool is_full_ = false;
};

}  // namespace turntable::sql
