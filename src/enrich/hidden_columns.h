// What a record has beside its value, as columns: topic, partition, offset, time, key, headers.
#pragma once

#include <string_view>

#include "row/column.h"
#include "row/record.h"
#include "row/reject.h"

namespace turntable {

// Fills a hidden column (sql::hidden_columns) for all records of a batch.
void fill_hidden_column(const RecordBatch& batch, std::string_view name, Column& column);

// Removes the records whose headers were asked for and are beyond their limits, and rejects them
// for every INSERT.
void reject_large_headers(const RecordBatch& batch, Selection& alive, Rejects& rejects);

}  // namespace turntable
