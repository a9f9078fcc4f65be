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
  // One Column per column of schema(), each with rows() rows, or none after keep_only(). Views live
  // as long as the catalogue.
  [[nodiscard]] virtual std::span<const Column> columns() const = 0;
  [[nodiscard]] virtual size_t rows() const = 0;

  // matches[row] = the catalogue's row with that key, or kNoMatch (also for NULL), for every row in
  // `alive`. `keys` has the key column's type. Thread-safe.
  virtual void find(const Column& keys, const Selection& alive,
                    std::span<uint32_t> matches) const = 0;

  // Lets go of the values of all columns but these, by their numbers, and the key's; and of the
  // file. Views from before are dead.
  virtual void keep_only(std::span<const uint32_t> columns) = 0;
};

struct LoadedCatalogue {
  std::shared_ptr<Catalogue> catalogue;
  LoadReport report;
};

// Reads an RFC 4180 file with a header. An error where the file cannot be read, has no header,
// lacks the key or a declared column, or has duplicate keys with DuplicateKey::error: a sentence
// that names file and line.
[[nodiscard]] Result<LoadedCatalogue> load_csv_catalogue(const CatalogueOptions& options);

}  // namespace turntable
