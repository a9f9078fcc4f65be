// The connectors 'console', which prints rows, and 'null', which lets go of them.
#include "app/connector.h"
#include "sink/console_sink.h"
#include "sink/null_sink.h"

namespace turntable {

const SinkConnector kConsoleConnector{
    .name = "console",
    .shows_rows = true,
    .open = [](const SinkOpening& opening) -> Result<std::unique_ptr<Sink>> {
      std::vector<ConsoleSink::Table> tables;
      for (const TableSpec& table : opening.store.tables)
        tables.push_back({table.table.name, table.table.written()});
      return std::make_unique<ConsoleSink>(std::move(tables), opening.console);
    },
};

// Rows gather for the sake of a store. Where there is none, as many as the second-level cache holds
// go together.
const SinkConnector kNullConnector{
    .name = "null",
    .flush_rows = 2'000,
    .open = [](const SinkOpening&) -> Result<std::unique_ptr<Sink>> {
      return std::make_unique<NullSink>();
    },
};

}  // namespace turntable
