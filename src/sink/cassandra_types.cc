#include "sink/cassandra_types.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "sink/composite_ddl.h"

namespace turntable {
namespace {

const cassandra::UserType* find_type(const std::vector<cassandra::UserType>& types,
                                     const std::string& name) {
  const auto found =
      std::find_if(types.begin(), types.end(), [&](const auto& type) { return type.name == name; });
  return found == types.end() ? nullptr : &*found;
}

std::string field_text(const std::string& name, const std::string& type) {
  return fmt::format("{} {}", printable(name), type);
}

}  // namespace

Status create_missing_types(cassandra::Session& session, const SinkTable& table) {
  const auto types = composite_types(table);
  if (types.empty()) return {};
  ASSIGN_OR_RETURN(const auto live, cassandra::read_types(session, table.keyspace));
  for (const auto& type : types)
    if (find_type(live, type->name) == nullptr)
      RETURN_IF_ERROR(session.execute(cql_type_ddl(table.keyspace, *type)));
  return {};
}

Status compare_types(cassandra::Session& session, const SinkTable& table, Difference& difference) {
  const auto types = composite_types(table);
  if (types.empty()) return {};
  ASSIGN_OR_RETURN(const auto live, cassandra::read_types(session, table.keyspace));
  for (const auto& type : types)
    if (const cassandra::UserType* there = find_type(live, type->name))
      compare_type(table.keyspace, *type, *there, difference);
  return {};
}

void compare_type(const std::string& keyspace, const CompositeType& wanted,
                  const cassandra::UserType& live, Difference& difference) {
  const std::string name = printable(wanted.name);
  const size_t common = std::min(wanted.fields.size(), live.fields.size());
  for (size_t i = 0; i < common; ++i) {
    const std::string is = field_text(live.fields[i].name, live.fields[i].type);
    const std::string should = field_text(wanted.fields[i].name, cql_field_type(wanted.fields[i]));
    if (is == should) continue;
    difference.faults.push_back(
        fmt::format("field {} of type {} is {}, expected {}", i + 1, name, is, should));
    difference.advice.push_back(
        fmt::format("Cassandra cannot change the type of a field or the order of fields: declare "
                    "the fields of {} in the order and with the types that they have there, or "
                    "give the pipeline's type and its column other names",
                    name));
    return;
  }
  for (size_t i = common; i < live.fields.size(); ++i)
    difference.notes.push_back(
        fmt::format("field {} of type {} is not in the pipeline and stays "
                    "NULL",
                    printable(live.fields[i].name), name));
  if (wanted.fields.size() == common) return;
  difference.advice.push_back(fmt::format("to add what type {} lacks:", name));
  for (size_t i = common; i < wanted.fields.size(); ++i) {
    difference.faults.push_back(fmt::format("field {} of type {} is missing, expected {}",
                                            printable(wanted.fields[i].name), name,
                                            cql_field_type(wanted.fields[i])));
    difference.advice.push_back(
        fmt::format("  {};", cql_add_field_ddl(keyspace, wanted, wanted.fields[i])));
  }
}

}  // namespace turntable
