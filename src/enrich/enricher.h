// Enrichment: from decoded columns to rows. Filters the records of a batch, joins them with the
// lookups, computes what each INSERT's SELECT says, and writes the cells of its table.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "catalogue/key_form.h"
#include "enrich/alive_records.h"
#include "enrich/conjuncts.h"
#include "enrich/enrich_plan.h"
#include "enrich/missed_keys.h"
#include "enrich/row_encoder.h"
#include "row/column.h"
#include "row/record.h"
#include "row/reject.h"
#include "row/row_batch.h"
#include "sql/evaluator.h"
#include "sql/program.h"

namespace turntable {

// Of the texts that expressions make of the records of one batch, and of the rows' cells. Texts
// have a limit each, but a batch has thousands of them.
inline constexpr size_t kBatchResultsLimit = size_t{256} << 20;

// One lane's; memory is kept from batch to batch.
class Enricher {
 public:
  explicit Enricher(std::shared_ptr<const EnrichPlan> shared,
                    size_t results_limit = kBatchResultsLimit);

  [[nodiscard]] size_t inserts() const { return inserts_.size(); }

  // An INSERT has a WHERE, so that not every record becomes a row.
  [[nodiscard]] bool has_filters() const {
    return std::any_of(inserts_.begin(), inserts_.end(),
                       [](const Insert& insert) { return !insert.filters.empty(); });
  }

  // The stream's declared columns and the paths in them, for the decoder to fill before each call
  // of enrich().
  [[nodiscard]] std::span<Column> declared() {
    return std::span(stream_).first(shared_->program.decoded_columns());
  }

  // For every record in `alive` each INSERT makes a row, which is appended to rows[insert]; or
  // leaves it out, and it stands in filtered(insert); or can make none, and it is added to
  // `rejects` with the INSERT's number, unmatched ones with RejectCode::unmatched. A reject that
  // concerns the whole record has kEveryInsert. INSERTs that the record is not for
  // (Record::inserts) make nothing of it. origins[i] belongs to batch.records[i]. The records have
  // their write times, where rows are to have them.
  //
  // For every record in `tombstones`, which are none of `alive`, each INSERT makes a deletion
  // (RowKind) of the row that a value with its key would become; it stands between the rows in the
  // records' order. The record's key alone decides: filters are not tested and nothing is looked
  // up. The plan's EnrichPlan::deletion_outputs() must be made of it alone.
  //
  // False where the results of so many records take more than results_limit(): no row or reject was
  // made of any of them. They can be given in parts. Of one alone, filtered() says which INSERTs
  // had left it out before.
  [[nodiscard]] bool enrich(const RecordBatch& batch, std::span<const Origin> origins,
                            const Selection& alive, Rejects& rejects,
                            std::span<RowBatch* const> rows, const Selection& tombstones = {});

  [[nodiscard]] size_t results_limit() const { return results_limit_; }

  // By the lookup's name, the keys that inner joins did not find in it: "name = 'x'". A record
  // counts once, however many INSERTs missed it.
  [[nodiscard]] std::map<std::string, MissedKeys> missed_keys() const;

  // By the lookup's name: how many records found a row in it, and how many did not. A lookup that
  // is joined twice is counted twice.
  struct Found {
    uint64_t hits = 0;
    uint64_t misses = 0;
  };
  [[nodiscard]] const std::map<std::string, Found>& found() const { return found_; }
  // The most missed keys of a lookup.
  [[nodiscard]] std::vector<MissedKeys::Missed> most_missed(const std::string& lookup,
                                                            size_t limit) const {
    const auto missed = missed_.find(lookup);
    return missed == missed_.end() ? std::vector<MissedKeys::Missed>()
                                   : missed->second.keys.most(limit);
  }
  // How long rows were encoded, of all that enrich() took.
  [[nodiscard]] std::chrono::nanoseconds encoding_time() const { return encoding_time_; }

  // The records of the last batch that the INSERT's WHERE left out, ascending.
  [[nodiscard]] const Selection& filtered(size_t insert) const { return inserts_[insert].filtered; }

 private:
  struct Insert {
    // All conjuncts of WHERE, those first that are tested before the joins.
    std::vector<sql::NodeId> filters;
    size_t stream_filters = 0;  // How many of them those are.
    std::vector<bool> left;     // By probe that it joins.
    RowEncoder writer;

    // Of the batch at hand.
    Selection filtered = {};
    Selection deletions = {};
    // A filter on the stream failed for records that are still alive: they are rejected, unless
    // another filter leaves them out.
    bool filter_failed = false;

    [[nodiscard]] std::span<const sql::NodeId> before_joins() const {
      return std::span(filters).first(stream_filters);
    }
    [[nodiscard]] std::span<const sql::NodeId> after_joins() const {
      return std::span(filters).subspan(stream_filters);
    }
  };
  struct Lookup {
    explicit Lookup(const sql::Program& program, const sql::Probe& probe);
    std::vector<sql::NodeId> keys;
    KeyForm form;
    // Of the batch at hand: the keys' values, and their form.
    std::vector<const Column*> columns = {};
    const Column* formed = nullptr;
  };

  void begin(const RecordBatch& batch, const Selection& alive, Rejects& rejects);
  void leave_to_wanted(const RecordBatch& batch);
  // False, here and below: the results take too much.
  [[nodiscard]] bool make_rows(const RecordBatch& batch, std::span<const Origin> origins,
                               Rejects& rejects, std::span<RowBatch* const> rows,
                               const Selection& tombstones);
  [[nodiscard]] bool run(std::span<const sql::Step> steps);
  void filter(size_t insert, std::span<const sql::NodeId> conjuncts, bool others_follow,
              Rejects& rejects);
  [[nodiscard]] bool filter_stream(Rejects& rejects);
  [[nodiscard]] bool filter_joined(Rejects& rejects);

  [[nodiscard]] bool look_up(size_t probe, Rejects& rejects);
  void reject_failed(std::span<const sql::NodeId> nodes, InsertSet inserts, Rejects& rejects);
  [[nodiscard]] bool test_conditions(size_t probe, Rejects& rejects);
  void drop_unmatched(size_t probe, size_t insert, Rejects& rejects);
  [[nodiscard]] Reject failed(sql::NodeId node, uint32_t row, size_t insert) const;
  [[nodiscard]] Reject unmatched(size_t probe, uint32_t row, size_t insert);
  [[nodiscard]] std::string why_unmatched(size_t probe, uint32_t row,
                                          const std::string& keys) const;

  [[nodiscard]] bool compute_deletions(const RecordBatch& batch, const Selection& tombstones);
  [[nodiscard]] bool append_rows(std::span<const Origin> origins, Rejects& rejects,
                                 std::span<RowBatch* const> rows);
  void count_missed();

  std::shared_ptr<const EnrichPlan> shared_;
  const size_t results_limit_;
  std::vector<Column> stream_;  // The program's stream schema: declared columns, then hidden ones.
  std::unique_ptr<sql::Evaluator> evaluator_;
  std::vector<sql::TableInput> tables_;
  Matches matches_;
  std::vector<Lookup> lookups_;  // By probe.
  struct Missed {
    MissedKeys keys;
    // Of the batch at hand: by record, whether it missed a key; and those keys.
    std::vector<bool> counted;
    std::vector<std::string> found_missing;
  };
  std::map<std::string, Missed> missed_;  // By the lookup's name, which several probes may have.
  std::vector<Insert> inserts_;
  std::map<std::string, Found> found_;
  std::vector<uint64_t> looked_for_;  // By probe, of the batch at hand: how many records it had,
  std::vector<uint64_t> hits_;        // and how many of them found a row.
  std::chrono::nanoseconds encoding_time_{0};

  // Of the batch at hand.
  size_t rows_ = 0;
  size_t given_ = 0;  // How many of them are to be enriched.
  AliveRecords alive_;
  std::vector<Verdict> verdicts_;    // By record.
  Selection tested_;                 // The records whose conditions are tested.
  std::vector<uint8_t> unmet_;       // By record: a condition was not true for the row it found.
  Column write_times_{Type::int64};  // Where a RowForm::write_time asks for them.
  bool want_write_times_ = false;

  std::vector<sql::NodeId> deletion_nodes_;  // What deletions are made of, arguments first.
};

}  // namespace turntable
