#include "app/stores.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/connector.h"
#include "app/option_reader.h"
#include "base/text.h"

namespace turntable {
namespace {

bool is_one_store(const StoreSpec& one, const StoreSpec& other) {
  if (one.connector != other.connector) return false;
  const auto identity = one.connector->identity;
  return identity == nullptr || identity(one) == identity(other);
}

// SQLite's names do not know the case of letters.
bool is_one_table(const SinkConnector& connector, const SinkTable& one, const SinkTable& other) {
  if (!connector.keeps_table()) return false;
  if (connector.dialect == Dialect::sqlite) return lowercase(one.name) == lowercase(other.name);
  return one.full_name() == other.full_name();
}

// What is asked for goes before a default; of two that are asked for the smaller one counts.
template <class T>
void take_option(const char* name, const StoreSpec& from, StoreSpec& to, T StoreSpec::*value) {
  if (!from.asked.contains(name)) return;
  to.*value = to.asked.contains(name) ? std::min(to.*value, from.*value) : from.*value;
  to.asked.insert(name);
}

// Those of two tables of one store.
void take_flush_options(const StoreSpec& from, StoreSpec& to) {
  take_option("flush_interval", from, to, &StoreSpec::flush_interval);
  take_option("flush_rows", from, to, &StoreSpec::flush_rows);
  take_option("flush_bytes", from, to, &StoreSpec::flush_bytes);
}

}  // namespace

RowTarget add_to_store(StoreSpec candidate, const sql::TableDef& table,
                       std::vector<StoreSpec>& stores, sql::Faults& faults) {
  const auto store = std::find_if(stores.begin(), stores.end(), [&](const StoreSpec& other) {
    return is_one_store(candidate, other);
  });
  const auto number = static_cast<uint32_t>(store - stores.begin());
  if (store == stores.end()) {
    stores.push_back(std::move(candidate));
    return {number, 0};
  }
  OptionReader options(table, faults);
  const SinkConnector& connector = *store->connector;
  if (connector.difference != nullptr) {
    if (const std::string option = connector.difference(*store, candidate); !option.empty())
      options.fault(
          option, fmt::format("{}: tables {} and {} are in one store, and it differs between them",
                              option, store->tables[0].declared_as, table.name));
  }
  for (const TableSpec& other : store->tables)
    if (is_one_table(connector, other.table, candidate.tables[0].table))
      options.fault("table",
                    fmt::format("{} and {} are one table of the store, {}: an INSERT has a "
                                "table of its own",
                                other.declared_as, table.name, printable(other.table.full_name())));
  take_flush_options(candidate, *store);
  store->tables.push_back(std::move(candidate.tables[0]));
  return {number, static_cast<uint32_t>(store->tables.size() - 1)};
}

}  // namespace turntable
