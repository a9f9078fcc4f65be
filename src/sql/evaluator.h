// Computes nodes of a Plan over the rows of a batch, column by column.
#pragma once

#include <span>
#include <vector>

#include "row/arena.h"
#include "row/column.h"
#include "row/reject.h"
#include "sql/functions.h"
#include "sql/plan.h"

namespace turntable::sql {

inline constexpr uint32_t kNoMatch = ~0U;

// Where the columns of one table come from.
struct TableInput {
  std::span<const Column> columns;
  // For row i of the batch, the row of `columns`; kNoMatch gives NULL. Null pointer: row i itself.
  const uint32_t* rows = nullptr;
};

// Owns one result column for each node that it computes; memory is kept from batch to batch. One
// thread. Functions are strict unless they say otherwise: NULL in, NULL out.
class Evaluator {
 public:
  // Will compute `wanted` and all that they need. The plan must outlive the evaluator, and stay
  // where it is.
  Evaluator(const Plan& plan, std::vector<NodeId> wanted);

  // Computes for the rows in `alive`. A row for which an expression cannot take its value is
  // appended to `rejects` (code bad_value or out_of_range) and removed from `alive`. `rows` is the
  // batch's size; tables[t] must be given for every table that a wanted node needs. Results stay
  // valid until the next call.
  void evaluate(std::span<const TableInput> tables, size_t rows, Selection& alive,
                Rejects& rejects);

  // The values of a wanted node. It may have more rows than the batch.
  [[nodiscard]] const Column& result(NodeId node) const;

  // The columns of a table that evaluate() reads.
  [[nodiscard]] std::vector<uint32_t> columns_read(uint32_t table) const;

 private:
  void compute_column(NodeId node, const ColumnRef& ref, std::span<const TableInput> tables,
                      size_t rows, const Selection& alive);
  void compute_constant(NodeId node, const Literal& value, size_t rows);
  void compute_call(NodeId node, const Call& call, size_t rows, const Selection& alive);
  void make_room(NodeId node, size_t rows);
  void drop_failed(Selection& alive, Rejects& rejects) const;
  [[nodiscard]] Reject reject_of(NodeId node, uint32_t row) const;

  const Plan& plan_;
  std::vector<NodeId> wanted_;
  std::vector<NodeId> order_;        // Nodes to compute, arguments first.
  std::vector<Column> columns_;      // Of plan_.nodes, by NodeId; unused ones stay empty.
  std::vector<const Column*> view_;  // Where a node's values are: columns_ or a table's own column.
  std::vector<const Column*> arguments_;  // Of the call at hand.
  std::vector<Failure> failures_;         // Of this batch, in the order of computation.
  Arena arena_;                           // Text computed for this batch.
};

}  // namespace turntable::sql
