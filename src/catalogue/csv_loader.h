// A CSV file on its way into memory. Inside catalogue/ only; callers use open_csv_catalogue() of
// catalogue.h.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalogue/catalogue.h"
#include "catalogue/csv_block.h"
#include "catalogue/csv_header.h"
#include "catalogue/csv_survey.h"
#include "catalogue/file_bytes.h"
#include "catalogue/index_builder.h"
#include "catalogue/left_out_rows.h"
#include "row/arena.h"

namespace turntable {

// What a loaded table consists of.
struct CsvTable {
  Schema schema;
  std::vector<Column> columns;  // Those that are not kept have no rows.
  std::vector<Arena> texts;     // Of the kept columns, and of keys.
  size_t rows = 0;
  std::vector<IndexBuilder> indexes;
  std::vector<LeftOutRows> left_out;  // By index.
};

// Goes over the text twice. open(): the header, where the rows begin and, where no types are
// declared, all values to infer them. load(): the rows, part by part; a part's text is given back
// as soon as it has been worked on, so that file and table are never both there as a whole. Both
// work on all processors; in which order rows count is the file's. Rows that cannot be used are
// noted in the report, and cost nothing else.
class CsvLoader final : public CatalogueFile {
 public:
  explicit CsvLoader(const CatalogueOptions& options) : options_(options) {}

  [[nodiscard]] Status open();

  [[nodiscard]] const Schema& schema() const override { return form_.schema; }
  [[nodiscard]] const std::map<std::string, std::string>& unusable() const override {
    return header_.unusable;
  }
  [[nodiscard]] const std::string& header_remark() const override { return header_.remark; }
  [[nodiscard]] Result<LoadedCatalogue> load(const LoadOrder& order) override;

 private:
  [[nodiscard]] Status take_declared_columns();
  void take_inferred_columns();
  // One thread's, for one part after another.
  struct Worker {
    CsvBlock block;
    std::vector<IndexKeys> keys;  // By index.
    Selection kept;
  };

  [[nodiscard]] Status check_key() const;
  void make_room(const LoadOrder& order);
  [[nodiscard]] std::vector<bool> needed_columns(const LoadOrder& order) const;
  void read_parts(const LoadOrder& order);
  void keep_rows(Worker& worker, const LoadOrder& order);
  void remember_left_out(const LeftOutBlock& block, const LoadOrder& order);
  [[nodiscard]] bool add_to_indexes(const Worker& worker, size_t row, uint32_t at);
  void note_duplicate(const Worker& worker, size_t index, size_t row, uint32_t same);
  void add_null_row(std::span<RowVisitor* const> visitors);
  [[nodiscard]] Status check_what_was_read() const;
  [[nodiscard]] Status check_left_out() const;

  const CatalogueOptions options_;
  LoadReport report_;
  FileBytes file_;
  CsvForm form_;
  CsvSurvey survey_;
  CsvHeader header_;
  bool ends_in_break_ = false;

  CsvTable table_;
  std::vector<uint32_t> first_line_;  // Of table row i: the line it was kept from.
  // Of table row i: how many indexes lead to it. Counted where a later row takes an earlier one's
  // place.
  std::vector<uint8_t> leads_;
  size_t replaced_ = 0;  // Rows to which no index leads any more.
  std::optional<std::string> cut_off_;
  std::optional<Error> error_;  // The first in the file.
};

}  // namespace turntable
