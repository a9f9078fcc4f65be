// A lookup table in memory: typed columns and an index over its key. Immutable once lanes share it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "row/column.h"
#include "row/types.h"

namespace turntable {

enum class DuplicateKey { first, last, error };

struct CatalogueOptions {
  std::string path;
  std::string key;  // A column's name.
  DuplicateKey duplicate_key = DuplicateKey::first;
  Schema declared;  // Empty: columns from the header, types inferred. Else: names must be in the
                    // header, types hold.
  char delimiter = ',';
  size_t part_bytes = size_t{1} << 20;  // Read at a time by one processor; no row is cut by it.
};

// What was found while loading, for people.
struct LoadReport {
  uint64_t rows = 0;   // Kept, one per key.
  uint64_t bytes = 0;  // Of the file.
  double seconds = 0;
  struct Noted {
    uint64_t count = 0;
    std::vector<std::string> first;  // The first five, each "line 12: …".
  };
  Noted bad_rows;    // A wrong number of fields, an unclosed quote, a value that its declared type
                     // cannot hold.
  Noted empty_keys;  // Left out: nothing can match them.
  Noted duplicate_keys;  // Not kept twice: see duplicate_key.

  // Lines such as "songs: 28,352 rows from data/spotify-songs.csv (5.2 MB) in 0.04 s" and one for
  // each finding.
  [[nodiscard]] std::string text(const std::string& table, const CatalogueOptions& options) const;
};

class Catalogue {
 public:
  virtual ~Catalogue() = default;
  static constexpr uint32_t kNoMatch = ~0U;

  [[nodiscard]] virtual const Schema& schema() const = 0;
  [[nodiscard]] virtual uint32_t key_column() const = 0;
  // One Column per column of schema(): rows() rows of those that were kept and of the key, none of
  // the others. Views live as long as the catalogue.
  [[nodiscard]] virtual std::span<const Column> columns() const = 0;
  // With DuplicateKey::last, those that a later one took the place of included: nothing leads to
  // them.
  [[nodiscard]] virtual size_t rows() const = 0;

  // matches[row] = the catalogue's row with that key, or kNoMatch (also for NULL), for every row in
  // `alive`. `keys` has the key column's type. Thread-safe.
  virtual void find(const Column& keys, const Selection& alive,
                    std::span<uint32_t> matches) const = 0;
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
};

// A catalogue whose columns are known, and whose rows are still to be loaded.
class CatalogueFile {
 public:
  virtual ~CatalogueFile() = default;

  [[nodiscard]] virtual const Schema& schema() const = 0;

  // Once. Keeps the values of the columns `kept` and of the key; `visitor`, which may be null, sees
  // all. An error where no row can be used, the file ends within a row, or has duplicate keys with
  // DuplicateKey::error: a sentence that names file and line.
  [[nodiscard]] virtual Result<LoadedCatalogue> load(std::span<const uint32_t> kept,
                                                     RowVisitor* visitor) = 0;
};

// Reads an RFC 4180 file with a header. An error where it cannot be read, has no header, or lacks
// the key or a declared column.
[[nodiscard]] Result<std::unique_ptr<CatalogueFile>> open_csv_catalogue(
    const CatalogueOptions& options);

// Opens and loads it, with all columns kept.
[[nodiscard]] Result<LoadedCatalogue> load_csv_catalogue(const CatalogueOptions& options);

}  // namespace turntable
