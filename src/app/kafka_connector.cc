// The connector 'kafka': a topic, read as a member of a consumer group.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "app/client_options.h"
#include "app/connector.h"
#include "base/text.h"
#include "kafka/config.h"
#include "source/consumer_properties.h"
#include "source/kafka_source.h"

namespace turntable {
namespace {

// Two pipelines that share a group by accident share its partitions, and each reads a part. So the
// name is the user's to choose. Earlier versions took the file's name, and their commits stand
// there: the fault says it as it is to be written.
void check_group(OptionReader& options, const SourceSpec& source, const sql::TableDef& table,
                 const std::string& file) {
  const auto group = source.properties.find("group.id");
  const std::string stem = std::filesystem::path(file).stem().string();
  if (group == source.properties.end()) {
    options.fault("group.id",
                  fmt::format("table {} needs the option \"group.id\", the consumer group that "
                              "offsets are committed for; earlier versions took the file's name: "
                              "\"group.id\" = '{}' reads on at their commits",
                              table.name, fmt::join(split(printable(stem), '\''), "''")));
  } else if (group->second.empty()) {
    options.fault("group.id", "group.id is empty: offsets are committed under its name");
  }
}

void read_kafka(OptionReader& options, const sql::TableDef& table, const std::string& file,
                SourceSpec& source) {
  source.topic = options.required("topic");
  if (const auto wrong = kafka::topic_fault(source.topic); wrong && !source.topic.empty())
    options.fault("topic", fmt::format("topic: '{}' {}", printable(source.topic), *wrong));
  if (auto start = parse_start(options.text("start", "latest"))) {
    source.start = *start;
  } else {
    options.fault("start", start.error().message);
  }
  if (const sql::Option* start = table.find("start"); start != nullptr && start->from_command_line)
    source.start_set = start->value;
  const std::string tombstones = options.choice("tombstones", {"dead_letter", "skip", "delete"});
  if (tombstones == "skip") source.tombstones = Tombstones::skip;
  if (tombstones == "delete") source.tombstones = Tombstones::delete_row;
  source.properties = options.dotted();
  // The one property of librdkafka's that is worth having here and has no dot.
  if (const std::string debug = options.text("debug", ""); !debug.empty())
    source.properties["debug"] = debug;
  if (!source.properties.contains("bootstrap.servers"))
    options.fault("bootstrap.servers",
                  fmt::format("table {} needs the option \"bootstrap.servers\"", table.name));
  for (const kafka::PropertyFault& fault :
       consumer_faults(source.properties, options.files() == OptionFiles::read))
    options.fault(fault.name, fault.text + near_property(options, fault));
  options.suggest(kafka::property_names());
  check_group(options, source, table, file);
}

// In a topic named after the records' own.
DeadLettersSpec letters_of_kafka(const SourceSpec& source, const std::string&) {
  return {DeadLettersSpec::To::kafka, source.topic + ".dead_letters"};
}

Result<std::unique_ptr<Source>> open_kafka(const SourceOpening& opening) {
  return KafkaSource::open({.topic = opening.spec.topic,
                            .properties = opening.spec.properties,
                            .start = opening.spec.start,
                            .lane = opening.lane,
                            .until_end = opening.until_end,
                            .want_headers = opening.spec.want_headers,
                            .topic_found = opening.topic},
                           opening.listener, opening.stop, opening.clock);
}

}  // namespace

const SourceConnector kKafkaConnector{
    .name = "kafka",
    .has_groups = true,
    .read = read_kafka,
    .dead_letters = letters_of_kafka,
    .letter_topic = [](const SourceSpec& source) { return source.topic; },
    .open = open_kafka,
};

}  // namespace turntable
