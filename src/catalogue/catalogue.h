// A lookup table in memory: typed columns and indexes that lead to its rows. Immutable once lanes
// share it.
#pragma once

#include <cstdint>
#include <memory>
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
  size_t part_bytes = size_t{1} << 20;  // Read at a time by one processor; no row is cut by it.
};

// One way to look rows up: by the values of columns, or of expressions over them.
struct IndexRule {
  std::vector<std::string> names;  // The key's parts, for reports: "name", "substr(s.name, 2)".
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
  Noted bad_rows;    // A wrong number of fields, an unclosed quote, a value that its declared type
                     // cannot hold.
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

// Sees every row of a catalogue once, with all of its columns, while it is loaded.
class RowVisitor {
 public:
  virtual ~RowVisitor() = default;

  // Before all rows: no row's number reaches `rows`, no worker's `workers`.
  virtual void begin(size_t rows, size_t workers) = 0;

  // The catalogue's rows from `first` on are those rows of `columns` that `rows` selects. Called
  // from many threads at once, each with a number of its own. Views die with the call.
  virtual void visit(size_t worker, uint32_t first, std::span<const Column> columns,
                     const Selection& rows) = 0;

  // After all rows, once: the catalogue's null_row() has that number, and is the one row of
  // `columns`.
  virtual void visit_null_row(uint32_t row, std::span<const Column> columns) = 0;
};

// What is wanted of a catalogue.
struct LoadOrder {
  std::vector<uint32_t> kept;  // The columns whose values are read afterwards.
  std::vector<IndexRule> indexes = {};
  std::vector<RowVisitor*> visitors = {};
};

// A catalogue whose columns are known, and whose rows are still to be loaded.
class CatalogueFile {
 public:
  virtual ~CatalogueFile() = default;

  [[nodiscard]] virtual const Schema& schema() const = 0;

  // Once. Rows to which no index leads are not kept, where indexes are asked for. An error where no
  // row can be used, the file ends within a row, or has duplicate keys with DuplicateKey::error: a
  // sentence that names file and line.
  [[nodiscard]] virtual Result<LoadedCatalogue> load(const LoadOrder& order) = 0;
};

// Reads an RFC 4180 file with a header. An error where it cannot be read, has no header, or lacks
// the key or a declared column.
[[nodiscard]] Result<std::unique_ptr<CatalogueFile>> open_csv_catalogue(
    const CatalogueOptions& options);

// Opens and loads it, with all columns kept and an index over the options' key, where there is one.
[[nodiscard]] Result<LoadedCatalogue> load_csv_catalogue(const CatalogueOptions& options);

}  // namespace turntable
