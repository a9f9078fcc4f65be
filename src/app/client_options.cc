#include "app/client_options.h"

#include <fmt/format.h>

#include <span>

#include "base/text.h"
#include "cassandra/option_faults.h"
#include "sql/options.h"
#include "sql/script.h"

namespace turntable {
namespace {

// The options as those of a table that has no name.
Result<sql::TableDef> table_of(const std::string& connector, const std::vector<std::string>& sets,
                               sql::Faults& faults) {
  sql::TableDef table;
  table.options.push_back({.name = "connector", .value = connector, .at = {}});
  for (const std::string& set : sets) {
    const size_t equals = set.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail(ErrorKind::usage,
                  fmt::format("--set {}: expected NAME=VALUE", sql::shown_set_option(set)));
    table.options.push_back({.name = set.substr(0, equals),
                             .value = set.substr(equals + 1),
                             .at = {},
                             .from_command_line = true});
  }
  sql::finish_options(table, faults);
  return table;
}

// Has `read` read them; faults for what is wrong with one, or what it has not asked for.
template <class Read>
Status read_sets(const std::string& connector, const std::vector<std::string>& sets, Read read) {
  sql::Faults faults;
  ASSIGN_OR_RETURN(const sql::TableDef table, table_of(connector, sets, faults));
  OptionReader options(table, faults);
  (void)options.text("connector", "");
  read(options);
  options.finish();
  if (!faults.empty()) return tl::unexpected<Error>(faults.error());
  return {};
}

}  // namespace

void read_connection(OptionReader& options, cassandra::Options& connection) {
  connection.username = options.text("username", "");
  connection.password = options.secret("password");
  connection.ca_file = options.text("ca_file", "");
  connection.certificate_file = options.text("certificate_file", "");
  connection.key_file = options.text("key_file", "");
  connection.consistency = options.text("consistency", "");
  connection.local_dc = options.text("local_dc", "");
  connection.connect_timeout = options.duration("connect_timeout", connection.connect_timeout);
  connection.request_timeout = options.duration("request_timeout", connection.request_timeout);
  for (const cassandra::OptionFault& fault :
       cassandra::option_faults(connection, options.files() == OptionFiles::read))
    options.fault(fault.option, fault.text);
}

std::string near_property(const OptionReader& options, const kafka::PropertyFault& fault) {
  if (fault.near.empty()) return "";
  return options.did_you_mean_option(fault.name, std::span(&fault.near, 1));
}

Result<cassandra::Options> cassandra_client_options(const std::vector<std::string>& sets) {
  cassandra::Options connection;
  RETURN_IF_ERROR(read_sets("cassandra", sets, [&connection](OptionReader& options) {
    read_connection(options, connection);
  }));
  return connection;
}

Result<kafka::Properties> kafka_client_options(const std::vector<std::string>& sets) {
  kafka::Properties properties;
  RETURN_IF_ERROR(read_sets("kafka", sets, [&properties](OptionReader& options) {
    properties = options.dotted();
    if (const std::string debug = options.text("debug", ""); !debug.empty())
      properties["debug"] = debug;
    for (const kafka::PropertyFault& fault : kafka::property_faults(properties))
      options.fault(fault.name, fault.text + near_property(options, fault));
    options.suggest(kafka::property_names());
  }));
  return properties;
}

}  // namespace turntable
