// Reads a CSV file into typed columns with an index over its key. Inside catalogue/ only; callers
// use load_csv_catalogue() of catalogue.h.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalogue/catalogue.h"
#include "catalogue/csv_reader.h"
#include "catalogue/file_bytes.h"
#include "catalogue/flat_index.h"
#include "row/arena.h"

namespace turntable {

// What a loaded table consists of. Views in the columns point into `file` or `unquoted`.
struct CsvTable {
  FileBytes file;
  Arena unquoted;  // Fields in which "" became ".
  Schema schema;
  uint32_t key = 0;  // Index into schema.
  std::vector<Column> columns;
  size_t rows = 0;
  std::optional<FlatIndex> index;
};

// Goes over the text twice: the header and, where no types are declared, all values to infer them;
// then again to fill the columns. Rows that cannot be used are noted in the report, and cost
// nothing else.
class CsvLoader {
 public:
  explicit CsvLoader(const CatalogueOptions& options) : options_(options) {}

  [[nodiscard]] Result<CsvTable> load();

  // Valid after load().
  [[nodiscard]] const LoadReport& report() const { return report_; }

 private:
  [[nodiscard]] Status read_header(CsvReader& reader);
  [[nodiscard]] Status take_declared_columns();
  void infer_columns();
  [[nodiscard]] Status find_key();
  [[nodiscard]] Status fill_columns();
  [[nodiscard]] Status add_row(const CsvRow& row);
  void drop_unused_room();

  // Why a row cannot be used at all, or nothing.
  [[nodiscard]] std::optional<std::string> fault(const CsvRow& row) const;
  // Fills the columns at `at`; what does not fit, or nothing.
  [[nodiscard]] std::optional<std::string> fill(const CsvRow& row, size_t at);
  [[nodiscard]] std::string key_text(uint32_t row) const;
  [[nodiscard]] std::string at_header() const;

  const CatalogueOptions& options_;
  LoadReport report_;
  CsvTable table_;
  bool all_utf8_ = true;
  uint64_t header_line_ = 1;
  std::vector<std::string> header_;
  std::vector<size_t> fields_;        // Of schema column i: which field of a row.
  std::vector<uint64_t> first_line_;  // Of table row i: the line it was kept from.
};

}  // namespace turntable
