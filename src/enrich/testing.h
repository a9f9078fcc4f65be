// For tests: a pipeline over lookups that are given as CSV texts and records that are given as
// texts, with the outcome of each record in each INSERT as a text.
#pragma once

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "catalogue/type_inference.h"
#include "enrich/enricher.h"
#include "row/cell.h"
#include "sql/binder.h"

namespace turntable {

struct TestLookup {
  std::string csv;
  CatalogueOptions options = {};  // Without the path.
  bool drop_missing = false;
};

// Opens a text as a lookup's file.
inline Result<std::unique_ptr<CatalogueFile>> open_lookup(const TestLookup& lookup) {
  const int file = ::memfd_create("lookup", MFD_CLOEXEC);
  CHECK(file >= 0);
  CHECK(::write(file, lookup.csv.data(), lookup.csv.size()) ==
        static_cast<ssize_t>(lookup.csv.size()));
  CatalogueOptions options = lookup.options;
  options.path = "/proc/self/fd/" + std::to_string(file);
  auto opened = open_csv_catalogue(options);
  ::close(file);
  return opened;
}

// A record's declared columns as texts; nothing is NULL.
using TestRecord = std::vector<std::optional<std::string>>;

class TestPipeline {
 public:
  // `forms` may be fewer than there are INSERTs. The SQL has no faults.
  explicit TestPipeline(const std::string& text,
                        const std::map<std::string, TestLookup>& lookups = {},
                        std::vector<InsertForm> forms = {}) {
    auto made = make(text, lookups, std::move(forms));
    if (!made) throw std::runtime_error(made.error().message);
    open(std::move(*made));
  }
  explicit TestPipeline(std::shared_ptr<const EnrichPlan> plan) { open(std::move(plan)); }

  // The plan, or the faults of the text, or of a lookup.
  [[nodiscard]] static Result<std::shared_ptr<const EnrichPlan>> make(
      const std::string& text, const std::map<std::string, TestLookup>& lookups,
      std::vector<InsertForm> forms) {
    sql::Faults faults{.file = "test.sql", .list = {}};
    const sql::Script script = sql::parse_script(text, {}, faults);
    sql::BindOptions options;
    std::map<std::string, std::unique_ptr<CatalogueFile>> files;
    for (const auto& [name, lookup] : lookups) {
      ASSIGN_OR_RETURN(files[name], open_lookup(lookup));
      options.lookups[name] = {.schema = files[name]->schema(),
                               .drop_missing = lookup.drop_missing};
    }
    std::optional<sql::Program> program = sql::bind(script, options, faults);
    if (!program) return tl::unexpected<Error>(faults.error());
    forms.resize(program->inserts.size());
    auto made = EnrichPlan::make(std::move(*program), std::move(forms), std::move(files));
    if (!made) return tl::unexpected<Error>(made.error().begin()->second);
    return std::move(*made);
  }

  [[nodiscard]] const EnrichPlan& plan() const { return *plan_; }
  [[nodiscard]] Enricher& enricher() { return *enricher_; }

  // Enriches a batch; of its records only those of `alive`, where there are any.
  void run(const std::vector<TestRecord>& records, Selection alive = {}) {
    RecordBatch batch;
    std::vector<Origin> origins;
    const std::span<Column> columns = enricher_->declared();
    for (Column& column : columns) column.reset(records.size());
    for (size_t row = 0; row < records.size(); ++row) {
      batch.records.push_back({.offset = static_cast<Offset>(100 + row)});
      origins.push_back({0, 1, row});
      for (size_t i = 0; i < columns.size(); ++i)
        if (records[row][i]) CHECK(set_from_text(columns[i], row, *records[row][i], made_));
    }
    if (alive.empty()) {
      alive.resize(records.size());
      std::iota(alive.begin(), alive.end(), 0U);
    }
    rows_.assign(plan_->program.inserts.size(), {});
    rejects_.clear();
    std::vector<RowBatch*> out;
    for (RowBatch& rows : rows_) out.push_back(&rows);
    CHECK(enricher_->enrich(batch, origins, alive, rejects_, out));
    collect(alive);
  }

  // What became of each record in `alive`: "1|a|null" for a row, "filtered", "bad_value: …",
  // "unmatched: …", "unmatched, dropped: …".
  [[nodiscard]] const std::vector<std::string>& outcomes(size_t insert = 0) const {
    return outcomes_[insert];
  }
  [[nodiscard]] const Rejects& rejects() const { return rejects_; }

 private:
  void open(std::shared_ptr<const EnrichPlan> plan) {
    plan_ = std::move(plan);
    enricher_ = std::make_unique<Enricher>(plan_);
  }

  // CHECKs that each record has one outcome in each INSERT.
  void collect(const Selection& alive) {
    outcomes_.assign(rows_.size(), {});
    for (size_t insert = 0; insert < rows_.size(); ++insert) {
      std::map<uint64_t, std::string> found;
      const auto add = [&](uint64_t row, std::string outcome) {
        CHECK(found.emplace(row, std::move(outcome)).second);
      };
      for (size_t i = 0; i < rows_[insert].size(); ++i)
        add(rows_[insert].origins[i].ticket, row_text(insert, i));
      const Selection& filtered = enricher_->filtered(insert);
      CHECK(std::is_sorted(filtered.begin(), filtered.end()));
      for (const uint32_t row : filtered) add(row, "filtered");
      for (const Reject& reject : rejects_) {
        if (reject.insert != insert && reject.insert != kEveryInsert) continue;
        add(reject.row, fmt::format("{}{}: {}", reject_code_name(reject.code),
                                    reject.drop ? ", dropped" : "", reject.reason));
      }
      CHECK(found.size() == alive.size());
      for (const uint32_t row : alive) outcomes_[insert].push_back(found.at(row));
    }
  }

  [[nodiscard]] std::string row_text(size_t insert, size_t row) const {
    std::string out;
    CellReader reader(rows_[insert].row(row));
    for (const sql::Output& output : plan_->program.inserts[insert].outputs)
      out += (out.empty() ? "" : "|") + cell_text(reader.next(), output.type);
    CHECK(reader.done());
    return out;
  }

  std::shared_ptr<const EnrichPlan> plan_;
  std::unique_ptr<Enricher> enricher_;
  std::vector<RowBatch> rows_;
  Rejects rejects_;
  std::vector<std::vector<std::string>> outcomes_;
  Arena made_;  // Values that are no part of a record.
};

}  // namespace turntable
