// A lookup table in memory: typed columns and indexes that lead to its rows. Immutable once lanes
// share it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalogue/lookup_index.h"
#include "row/column.h"
#include "row/types.h"
#include "sql/program.h"

namespace turntable {

enum class DuplicateKey { first, last, error };

struct CatalogueOptions {
  std::string path;
  std::string key = {};  // A column's name; empty where none is named.
  DuplicateKey duplicate_key = DuplicateKey::first;
  // Empty: columns from the header, types inferred. Else: names must be in the header, types hold.
  Schema declared = {};
  char delimiter = ',';
  std::optional<char> escape = {};      // Within quotes, before a quote: see csv_reader.h.
  std::vector<std::string> nulls = {};  // Texts that stand for NULL.
  bool has_header = true;               // Else the declared columns are the file's, in its order.
  // No larger share of the file's rows may be left out because they cannot be read.
  double max_left_out_ratio = 0.5;
  size_t part_bytes = size_t{1} << 20;  // Read at a time by one processor; no row is cut by it.
};

// One way to look rows up: by the values of columns, or of expressions over them.
struct IndexRule {
  std::vector<std::string> names;      // The key's parts, for reports: "name", "substr(s.name, 2)".
  std::vector<uint32_t> columns = {};  // The parts, where all of them are columns. Else:
  std::vector<sql::NodeId> nodes = {};
  const sql::Program* program = nullptr;  // whose nodes they are,
  uint32_t table = 0;                     // and the catalogue's number there.
};

// What was found while loading, for people.
struct LoadReport {
  uint64_t rows = 0;   // Those to which an index leads; all of them where there is none.
  uint64_t bytes = 0;  // Of the file.
  double seconds = 0;
  struct Noted {
    uint64_t count = 0;
    std::vector<std::string> first;  // The first five, each "line 12: …".
  };
  Noted bad_rows;  // A wrong number of fields, an unclosed quote, a value that its declared type
                   // cannot hold.
  // Columns of a file whose columns are not declared, which cannot be named.
  std::vector<std::string> passed_over;  // "column 1 is passed over: it has no name".
  // By index.
  struct Index {
    std::vector<std::string> names;  // The rule's.
    Noted empty_keys = {};           // Left out of it: nothing can match them.
    Noted failed_keys = {};          // Left out of it: they cannot be computed.
    Noted duplicate_keys = {};       // The first or the last of them counts: see duplicate_key.
  };
  std::vector<Index> indexes;

  // Lines such as "songs: 28,352 rows from data/spotify-songs.csv (5.2 MB) in 0.04 s" and one for
  // each finding.
  [[nodiscard]] std::string text(const std::string& table, const CatalogueOptions& options) const;
};

class Catalogue {
 public:
  virtual ~Catalogue() = default;
  [[nodiscard]] virtual const Schema& schema() const = 0;
  // One Column per column of schema(): rows() rows and the null_row() of those that were kept or
  // that an index takes its keys from, none of the others. Views live as long as the catalogue.
  [[nodiscard]] virtual std::span<const Column> columns() const = 0;
  // Those to which an index leads; all of them where there is none. With DuplicateKey::last, those
  // that a later one took the place of included: nothing leads to them.
  [[nodiscard]] virtual size_t rows() const = 0;
  // One row more, in which all columns are NULL: what LEFT JOIN finds where there is no match.
  [[nodiscard]] uint32_t null_row() const { return static_cast<uint32_t>(rows()); }

  // In the order in which they were asked for.
  [[nodiscard]] virtual std::span<const LookupIndex> indexes() const = 0;
};

struct LoadedCatalogue {
  std::shared_ptr<const Catalogue> catalogue;
  LoadReport report;
};

// Sees every row of a catalogue once while it is loaded.
class RowVisitor {
 public:
  virtual ~RowVisitor() = default;

  // Before all rows: no row's number reaches `rows`, no worker's `workers`.
  virtual void begin(size_t rows, size_t workers) = 0;

  // The catalogue's rows from `first` on are those rows of `columns` that `rows` selects; columns
  // that nobody asked for have no rows. Called from many threads at once, each with a number of its
  // own. Views die with the call.
  virtual void visit(size_t worker, uint32_t first, std::span<const Column> columns,
                     const Selection& rows) = 0;

  // After all rows, once: the catalogue's null_row() has that number, and is the one row of
  // `columns`.
  virtual void visit_null_row(uint32_t row, std::span<const Column> columns) = 0;
};

// What is wanted of a catalogue.
struct LoadOrder {
  std::vector<uint32_t> kept;  // The columns whose values are read afterwards.
  // Those that are read while it is loaded: by expressions of `indexes` and by `visitors`. What
  // stands in further ones is not looked at, so that nothing there costs a row.
  std::vector<uint32_t> read = {};
  std::vector<IndexRule> indexes = {};
  std::vector<RowVisitor*> visitors = {};
};

// A catalogue whose columns are known, and whose rows are still to be loaded.
class CatalogueFile {
 public:
  virtual ~CatalogueFile() = default;

  [[nodiscard]] virtual const Schema& schema() const = 0;

  // What to say to who asks for a column that schema() does not have. By its name, why the file's
  // cannot be used: "columns 1 and 3 of songs.csv are both named 'k'".
  [[nodiscard]] virtual const std::map<std::string, std::string>& unusable() const = 0;
  // And of all others: what the header was read as, where that explains it; or nothing.
  [[nodiscard]] virtual const std::string& header_remark() const = 0;

  // Once. Rows to which no index leads are not kept, where indexes are asked for. A file without
  // rows is a catalogue without rows. An error where no row can be used or too many cannot, the
  // file ends within a row, or has duplicate keys with DuplicateKey::error: a sentence that names
  // file and line.
  [[nodiscard]] virtual Result<LoadedCatalogue> load(const LoadOrder& order) = 0;
};

// That the declared columns can be those of a CSV file, and the key is one of them; what can be
// said without the file.
[[nodiscard]] Status check_declared_columns(const CatalogueOptions& options);

// Reads a CSV file. An error where it cannot be read, is no text, has no header, or lacks the key
// or a declared column.
[[nodiscard]] Result<std::unique_ptr<CatalogueFile>> open_csv_catalogue(
    const CatalogueOptions& options);

// Opens and loads it, with all columns kept and an index over the options' key, where there is one.
[[nodiscard]] Result<LoadedCatalogue> load_csv_catalogue(const CatalogueOptions& options);

}  // namespace turntable
