#include "app/schema.h"

#include <fmt/format.h>

#include "app/connector.h"
#include "app/difference.h"
#include "app/pipeline.h"
#include "base/text.h"

namespace turntable {
namespace {

Status print_ddl(const StoreSpec& store, bool first, Output& out) {
  ASSIGN_OR_RETURN(const std::string text, store.connector->ddl(store));
  out.print("{}{}", first ? "" : "\n", text);
  return {};
}

Status create(const StoreSpec& store, const StopToken& stop, bool add_columns, Output& out) {
  ASSIGN_OR_RETURN(const std::string said, store.connector->create(store, stop, add_columns));
  out.print("{}", said);
  return {};
}

Status compare(const StoreSpec& store, const StopToken& stop, Output& out) {
  RETURN_IF_ERROR(store.connector->compare(store, stop));
  for (const TableSpec& table : store.tables)
    out.print("{} is as the pipeline needs it.\n", printable(table.table.full_name()));
  return {};
}

}  // namespace

// Stores that keep no table are passed over; a pipeline must have one that does. A store whose
// tables differ does not keep the others from being looked at.
Result<ExitCode> run_schema(const SchemaOptions& options, const StopToken& stop, Output& out) {
  ASSIGN_OR_RETURN(const Pipeline pipeline,
                   load_pipeline(options.pipeline, options.sets, LookupRows::not_needed));
  bool first = true;
  Status all;
  for (const StoreSpec& store : pipeline.stores) {
    if (!store.connector->keeps_table()) continue;
    switch (options.action) {
      case SchemaAction::print:
        RETURN_IF_ERROR(print_ddl(store, first, out));
        break;
      case SchemaAction::apply:
        RETURN_IF_ERROR(collect_difference(create(store, stop, options.add_columns, out), all));
        break;
      case SchemaAction::check:
        RETURN_IF_ERROR(collect_difference(compare(store, stop, out), all));
        break;
    }
    first = false;
  }
  if (first) {
    const StoreSpec& store = pipeline.stores[0];
    return fail(ErrorKind::usage,
                fmt::format("the connector '{}' of {} keeps no table, so it has no schema",
                            store.connector->name, store.table_names()));
  }
  RETURN_IF_ERROR(out.finish());
  RETURN_IF_ERROR(all);
  return ExitCode::done;
}

}  // namespace turntable
