// How a live table differs from the one that a pipeline writes, and what an operator can do about
// it. Text only: nothing is sent anywhere.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sink/ddl.h"
#include "sink/table.h"

namespace turntable {

struct Difference {
  std::vector<std::string>
      faults;  // A sentence for each column that the pipeline cannot write as it is.
  // The columns that are missing and can be added, by add_column_ddl().
  Schema additions;
  // What to do about the faults, a line each.
  std::vector<std::string> advice;
  std::vector<std::string> notes;     // Columns that the pipeline leaves NULL.
  std::vector<std::string> warnings;  // Rows that the table may take for the same.

  [[nodiscard]] bool ok() const { return faults.empty(); }
  // With its additions the table would be as the pipeline needs it.
  [[nodiscard]] bool lacks_columns_only() const { return faults.size() == additions.size(); }
  // The advice behind a line break, or "".
  [[nodiscard]] std::string advice_text() const;
};

// An empty `live` is a table that is not there; the caller says so better than this does.
[[nodiscard]] Difference compare(const SinkTable& table, std::span<const LiveColumn> live,
                                 Dialect dialect);

// The columns of the key whose times may have microseconds, where the store keeps milliseconds: a
// sentence each.
[[nodiscard]] std::vector<std::string> narrowed_keys(const SinkTable& table,
                                                     std::span<const LiveColumn> live,
                                                     Dialect dialect);

}  // namespace turntable
