// A CSV file on its way into memory. Inside catalogue/ only; callers use open_csv_catalogue() of
// catalogue.h.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalogue/catalogue.h"
#include "catalogue/csv_block.h"
#include "catalogue/csv_survey.h"
#include "catalogue/file_bytes.h"
#include "catalogue/flat_index.h"
#include "row/arena.h"

namespace turntable {

// What a loaded table consists of.
struct CsvTable {
  Schema schema;
  uint32_t key = 0;             // Index into schema.
  std::vector<Column> columns;  // Those that are not kept have no rows.
  std::vector<Arena> texts;     // Of the kept columns.
  size_t rows = 0;
  std::optional<FlatIndex> index;
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
  [[nodiscard]] Result<LoadedCatalogue> load(std::span<const uint32_t> kept,
                                             RowVisitor* visitor) override;

 private:
  [[nodiscard]] Status read_header(CsvReader& reader);
  [[nodiscard]] Status take_declared_columns();
  void take_inferred_columns();
  [[nodiscard]] Status find_key();
  void make_room();
  void read_parts(RowVisitor* visitor);
  void keep_rows(const CsvBlock& block, Selection& kept);
  void note_duplicate(const CsvBlock& block, size_t row, uint32_t same);
  [[nodiscard]] Status check_what_was_read() const;
  [[nodiscard]] std::string at_header() const;

  const CatalogueOptions options_;
  LoadReport report_;
  FileBytes file_;
  CsvForm form_;
  CsvSurvey survey_;
  uint64_t header_line_ = 1;
  bool ends_in_break_ = false;

  CsvTable table_;
  std::vector<uint32_t> first_line_;  // Of table row i: the line it was kept from.
  std::optional<std::string> cut_off_;
  std::optional<Error> error_;  // The first in the file.
};

}  // namespace turntable
