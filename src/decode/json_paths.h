// Paths into the value of a jsonb column, which are followed while the record is read. Inside
// decode/ only.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/json_walk.h"
#include "row/column.h"

namespace turntable {

class JsonPaths {
 public:
  // Where the parser's copy of a record lies, and the record itself.
  struct Record {
    const char* buffer;
    const char* payload;
    [[nodiscard]] std::string_view in_payload(std::string_view text) const {
      return {payload + (text.data() - buffer), text.size()};
    }
  };

  // The column with that number gets what stands at the end of the path, as text. No path begins
  // with another one.
  void add(std::span<const std::string> keys, size_t column);
  [[nodiscard]] bool empty() const { return keys_.empty(); }

  // Sets the paths' columns to NULL, for the last of duplicate keys counts.
  void forget(std::span<Column> columns, uint32_t row) const { forget(keys_, columns, row); }

  // Validates the value all the way down, as json::skip() does, and keeps the texts at the ends of
  // the paths. `depth` is that of the container in which the value stands.
  [[nodiscard]] json::error_code read(json::ondemand::value& value, int depth, bool has_escapes,
                                      Record record, std::span<Column> columns,
                                      uint32_t row) const {
    return Walk{has_escapes, record, columns, row}.read(value, keys_, depth);
  }

 private:
  static constexpr size_t kNoColumn = ~size_t{0};
  // Each key is looked for in the object that is the value of the one before it.
  struct Key {
    std::string name;
    size_t column = kNoColumn;  // Where the path ends here.
    std::vector<Key> inside = {};
  };
  struct Walk {
    bool has_escapes;
    Record record;
    std::span<Column> columns;
    uint32_t row;
    [[nodiscard]] json::error_code read(json::ondemand::value& value, const std::vector<Key>& keys,
                                        int depth) const;
    [[nodiscard]] json::error_code read_at(json::ondemand::value& value, const Key& key,
                                           int depth) const;
  };

  static void forget(const std::vector<Key>& keys, std::span<Column> columns, uint32_t row);

  std::vector<Key> keys_;
};

}  // namespace turntable
