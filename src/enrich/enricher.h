// Enrichment: from decoded columns to rows. Joins each record with the catalogue, computes what the
// SELECT says, and writes the sink's cells.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "catalogue/catalogue.h"
#include "enrich/ready_cells.h"
#include "row/column.h"
#include "row/record.h"
#include "row/reject.h"
#include "row/row_batch.h"
#include "sql/evaluator.h"
#include "sql/plan.h"

namespace turntable {

// What all lanes of a pipeline share: the checked plan, the catalogue, its ready cells. Immutable.
struct EnrichPlan {
  sql::Plan plan;
  std::shared_ptr<const Catalogue> catalogue;  // Null where the pipeline joins nothing.
  std::shared_ptr<const ReadyCells> ready;
  std::vector<bool> key_outputs;  // By output: part of the sink's key, so never NULL.
  RowForm form;
  LoadReport load_report;  // What was found while the catalogue was loaded.

  // Loads the catalogue, which is null where the pipeline joins nothing. Of its columns, those are
  // kept that events need, other than as ready cells. An error is the file's.
  [[nodiscard]] static Result<std::shared_ptr<const EnrichPlan>> make(
      sql::Plan plan, std::unique_ptr<CatalogueFile> catalogue,
      const std::vector<std::string>& key_columns, RowForm form = {});
};

// One lane's; memory is kept from batch to batch.
class Enricher {
 public:
  explicit Enricher(std::shared_ptr<const EnrichPlan> shared);

  // The stream's declared columns, for the decoder to fill before each call of enrich().
  [[nodiscard]] std::span<Column> declared() {
    return std::span(stream_).first(shared_->plan.declared_columns);
  }

  // Appends a row to `out` for every record in `alive` that has a match and whose expressions take
  // their values. The others go to `rejects`, unmatched ones with RejectCode::unmatched. origins[i]
  // belongs to batch.records[i]. The records have their write times, where rows are to have them.
  void enrich(const RecordBatch& batch, std::span<const Origin> origins, Selection& alive,
              Rejects& rejects, RowBatch& out);

 private:
  // How one stretch of the sink's columns is made: by copying a run, or by encoding one column.
  struct Segment {
    bool copied = false;
    size_t run = 0;                  // Where copied: the run's number.
    size_t output = 0;               // Else: the output's number,
    const Column* column = nullptr;  // its values, valid after evaluation,
    bool key = false;                // and whether NULL rejects the record.
  };

  void fill_hidden_columns(const RecordBatch& batch, Selection& alive, Rejects& rejects);
  void join(size_t rows, Selection& alive, Rejects& rejects);
  void append_rows(const RecordBatch& batch, Selection& alive, std::span<const Origin> origins,
                   Rejects& rejects, RowBatch& out);
  void reject_null_keys(const Segment& segment, Selection& alive, Rejects& rejects) const;
  void weigh_rows(Selection& alive, Rejects& rejects);
  void copy_run(size_t run, const Selection& alive);

  std::shared_ptr<const EnrichPlan> shared_;
  std::vector<Column> stream_;  // The plan's stream schema: declared columns, then hidden ones.
  std::vector<uint32_t> matches_;
  std::unique_ptr<sql::Evaluator> probe_;
  std::unique_ptr<sql::Evaluator> outputs_;
  std::vector<sql::TableInput> tables_;
  std::vector<Segment> segments_;
  // Of the rows that are being written, by their place in the selection.
  std::vector<uint64_t> sizes_;
  std::vector<char*> places_;
  Column write_times_{Type::int64};  // Where RowForm::write_time asks for them.
};

}  // namespace turntable
