// The options of a pipeline's tables, read into what they mean.
#pragma once

#include <string>

#include "app/option_reader.h"
#include "app/pipeline.h"
#include "sql/script.h"

namespace turntable {

// What FROM reads as the stream.
[[nodiscard]] SourceSpec read_source(const sql::TableDef& table, const std::string& file,
                                     sql::Faults& faults, OptionFiles files = OptionFiles::read);

// What is joined. Its own file is not opened.
[[nodiscard]] LookupSpec read_lookup(const sql::TableDef& table, sql::Faults& faults);

// What an INSERT fills: a store with this table only.
[[nodiscard]] StoreSpec read_sink(const sql::TableDef& table, sql::Faults& faults,
                                  OptionFiles files = OptionFiles::read);

// A table that no statement uses: all of its options are read as its connector has them, and what
// is wrong with them is a fault like any other. Nothing is opened.
void check_unused(const sql::TableDef& table, const std::string& file, sql::Faults& faults);

// Whether the connector of a table makes it a lookup. One whose connector is missing or unknown is
// taken for a lookup unless it comes `first` in FROM.
[[nodiscard]] bool is_lookup(const sql::TableDef& table, bool first);

}  // namespace turntable
