#include "app/connectors.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "decode/json_decoder.h"
#include "delivery/dead_letters.h"
#include "source/kafka_source.h"

namespace turntable {
namespace {

constexpr const SourceConnector* kSourceConnectors[] = {&kKafkaConnector, &kNdjsonConnector};
constexpr const SinkConnector* kSinkConnectors[] = {&kCassandraConnector, &kSqliteConnector,
                                                    &kConsoleConnector, &kNullConnector};

bool is_called(const SourceConnector& connector, std::string_view name) {
  return name == connector.name || (!connector.alias.empty() && name == connector.alias);
}
bool is_called(const SinkConnector& connector, std::string_view name) {
  return name == connector.name;
}

template <class Connector>
const Connector* find(std::span<const Connector* const> connectors, std::string_view name) {
  const auto found = std::find_if(connectors.begin(), connectors.end(),
                                  [&](const Connector* each) { return is_called(*each, name); });
  return found == connectors.end() ? nullptr : *found;
}

template <class Connector>
std::vector<std::string> names_of(std::span<const Connector* const> connectors) {
  std::vector<std::string> names;
  for (const Connector* connector : connectors) names.emplace_back(connector->name);
  return names;
}

// What is asked of a topic before a lane joins its group.
KafkaSourceOptions topic_question(const SourceSpec& source, bool until_end) {
  return {.topic = source.topic,
          .properties = source.properties,
          .start = source.start,
          .until_end = until_end,
          .want_headers = source.want_headers};
}

}  // namespace

std::span<const SourceConnector* const> source_connectors() {
  return kSourceConnectors;
}
std::span<const SinkConnector* const> sink_connectors() {
  return kSinkConnectors;
}
const SourceConnector* find_source_connector(std::string_view name) {
  return find(source_connectors(), name);
}
const SinkConnector* find_sink_connector(std::string_view name) {
  return find(sink_connectors(), name);
}
std::vector<std::string> source_connector_names() {
  std::vector<std::string> names = names_of(source_connectors());
  for (const SourceConnector* connector : source_connectors())
    if (!connector->alias.empty()) names.emplace_back(connector->alias);
  return names;
}
std::vector<std::string> sink_connector_names() {
  return names_of(sink_connectors());
}

std::string why_one_lane(const Pipeline& pipeline) {
  if (!pipeline.source.connector->one_lane.empty())
    return std::string(pipeline.source.connector->one_lane);
  for (const StoreSpec& store : pipeline.stores)
    if (!store.connector->one_lane.empty()) return std::string(store.connector->one_lane);
  return "";
}

Result<std::unique_ptr<Decoder>> make_decoder(const SourceSpec& source) {
  return make_json_decoder(source.declared, {.whole_times = source.whole_times,
                                             .lenient_numbers = source.lenient_numbers,
                                             .paths = source.json_paths});
}

Result<SourceTopic> find_source_topic(const SourceSpec& source, bool until_end,
                                      const StopToken& stop, const Clock& clock) {
  if (!source.connector->has_groups) return SourceTopic{};
  const KafkaSourceOptions question = topic_question(source, until_end);
  ASSIGN_OR_RETURN(SourceTopic topic, await_source_topic(question, stop, clock));
  const std::string sentence = group_sentence(question, topic);
  if (reads_other_topics(question, topic)) {
    log::warn(
        "{}. A group whose members read different topics shares its commits and rebalances "
        "by mistake: give each pipeline a group.id of its own",
        sentence);
  } else {
    log::info("{}", sentence);
  }
  return topic;
}

void say_where_start_counts_not(const SourceSpec& source, const SourceTopic& topic,
                                std::span<const std::unique_ptr<Sink>> sinks) {
  if (source.start_set.empty()) return;
  int kept = 0;
  std::string keeper;
  for (const auto& sink : sinks) {
    for (PartitionId partition = 0; partition < topic.partitions; ++partition) {
      if (!sink->kept_position(partition)) continue;
      ++kept;
      keeper = sink->name();
    }
  }
  if (topic.committed == 0 && kept == 0) return;
  const std::string reads_on =
      kept > 0
          ? fmt::format("{} keeps positions of {} of {} partitions", keeper, kept, topic.partitions)
          : fmt::format("the group {} has commits in {} of {} partitions",
                        printable(source.group()), topic.committed, topic.partitions);
  log::warn(
      "start = '{}' does not count where there is something to read on at: {} of topic {}. To read "
      "again use another group.id (--set {}.group.id=NAME), or reset the group's offsets "
      "(kafka-consumer-groups.sh --bootstrap-server {} --group {} --topic {} --reset-offsets "
      "--to-earliest --execute){}",
      printable(source.start_set), reads_on, source.topic, source.table,
      kafka::bootstrap_of(source.properties), printable(source.group()), source.topic,
      kept > 0 ? ", and delete the group's rows from the file's table turntable_positions" : "");
}

Result<std::unique_ptr<Source>> open_source(const SourceOpening& opening) {
  return opening.spec.connector->open(opening);
}

Status check_files(const SourceSpec& source) {
  if (source.connector->check != nullptr) RETURN_IF_ERROR(source.connector->check(source));
  if (source.dead_letters.to != DeadLettersSpec::To::file) return {};
  return check_dead_letters_file(source.dead_letters.target);
}

PositionsOf positions_of(const SourceSpec& source) {
  if (!source.connector->has_groups) return {};
  return {source.group(), source.topic};
}

Result<std::map<PartitionId, Position>> positions_of_stores(const Pipeline& pipeline) {
  std::map<PartitionId, Position> lowest;
  if (pipeline.stores.size() < 2 || !pipeline.source.connector->has_groups) return lowest;
  for (const StoreSpec& store : pipeline.stores) {
    if (store.connector->positions_kept == nullptr) continue;
    ASSIGN_OR_RETURN(const auto kept,
                     store.connector->positions_kept(store, positions_of(pipeline.source)));
    for (const auto& [partition, position] : kept) {
      const auto [found, first] = lowest.try_emplace(partition, position);
      if (!first) found->second = lower_of(found->second, position);
    }
  }
  return lowest;
}

Status forget_positions_of_stores(const Pipeline& pipeline) {
  for (const StoreSpec& store : pipeline.stores)
    if (store.connector->forget_positions != nullptr)
      RETURN_IF_ERROR(store.connector->forget_positions(store, positions_of(pipeline.source)));
  return {};
}

Result<std::vector<std::unique_ptr<Sink>>> open_sinks(const Pipeline& pipeline,
                                                      const PositionsOf& positions,
                                                      const StopToken& stop, Output& console,
                                                      bool check_tables) {
  const bool alone = pipeline.stores.size() == 1;
  std::vector<std::unique_ptr<Sink>> sinks;
  for (const StoreSpec& store : pipeline.stores) {
    ASSIGN_OR_RETURN(auto sink,
                     store.connector->open({.store = store,
                                            .stop = stop,
                                            .console = console,
                                            .positions = alone ? positions : PositionsOf{},
                                            .check_table = check_tables}));
    sinks.push_back(std::move(sink));
  }
  return sinks;
}

}  // namespace turntable
