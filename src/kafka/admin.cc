// The changes to topics that a client can ask for, their settings and ends (kafka/client.h).
#include <fmt/format.h>

#include <array>

#include "kafka/client.h"
#include "kafka/librdkafka.h"

namespace turntable::kafka {

namespace {

// Waits for the answer to an admin request that was put on `answers`. An Error for the request as a
// whole only.
Result<Event> await_answer(const Queue& answers, Millis wait, const std::string& what) {
  Event event(rd_kafka_queue_poll(answers.get(), static_cast<int>(wait.count())));
  if (!event) return fail(ErrorKind::transient, what + ": no answer in time");
  const auto code = rd_kafka_event_error(event.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, what);
  return event;
}

}  // namespace

Status Client::create_topic(const std::string& topic, int partitions, Millis wait,
                            const Properties& config) {
  const std::string what = fmt::format("Creating topic {} at {}", topic, bootstrap_);
  std::array<char, 512> why{};
  constexpr int kBrokersDefault = -1;
  rd_kafka_NewTopic_t* wanted =
      rd_kafka_NewTopic_new(topic.c_str(), partitions, kBrokersDefault, why.data(), why.size());
  if (wanted == nullptr) return fail(ErrorKind::usage, fmt::format("{}: {}", what, why.data()));
  for (const auto& [name, value] : config)
    rd_kafka_NewTopic_set_config(wanted, name.c_str(), value.c_str());
  const Queue answers(rd_kafka_queue_new(handle()));
  rd_kafka_CreateTopics(handle(), &wanted, 1, nullptr, answers.get());
  rd_kafka_NewTopic_destroy(wanted);
  ASSIGN_OR_RETURN(const Event event, await_answer(answers, wait, what));
  size_t count = 0;
  const auto** made =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  const auto code = count == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_topic_result_error(made[0]);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
    return {};
  return fail_with(code, what);
}

Result<Properties> Client::topic_settings(const std::string& topic, Millis wait) {
  const std::string what = fmt::format("Asking {} for the settings of topic {}", bootstrap_, topic);
  rd_kafka_ConfigResource_t* wanted =
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str());
  const Queue answers(rd_kafka_queue_new(handle()));
  rd_kafka_DescribeConfigs(handle(), &wanted, 1, nullptr, answers.get());
  rd_kafka_ConfigResource_destroy(wanted);
  ASSIGN_OR_RETURN(const Event event, await_answer(answers, wait, what));
  size_t count = 0;
  const auto** found = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  if (count == 0) return fail(ErrorKind::failed, what + ": the answer is empty");
  const auto code = rd_kafka_ConfigResource_error(found[0]);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, what);
  const auto** entries = rd_kafka_ConfigResource_configs(found[0], &count);
  Properties settings;
  for (size_t i = 0; i < count; ++i)
    if (const char* value = rd_kafka_ConfigEntry_value(entries[i]))
      settings[rd_kafka_ConfigEntry_name(entries[i])] = value;
  return settings;
}

Status Client::delete_topic(const std::string& topic, Millis wait) {
  rd_kafka_DeleteTopic_t* wanted = rd_kafka_DeleteTopic_new(topic.c_str());
  const Queue answers(rd_kafka_queue_new(handle()));
  rd_kafka_DeleteTopics(handle(), &wanted, 1, nullptr, answers.get());
  rd_kafka_DeleteTopic_destroy(wanted);
  const std::string what = fmt::format("Deleting topic {} at {}", topic, bootstrap_);
  ASSIGN_OR_RETURN(const Event event, await_answer(answers, wait, what));
  size_t count = 0;
  const auto** deleted =
      rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event.get()), &count);
  const auto code =
      count == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_topic_result_error(deleted[0]);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return fail_with(code, what);
}

Result<std::vector<Offset>> Client::ends(const std::string& topic, int partitions, Millis wait) {
  const std::string what = fmt::format("Asking {} for the ends of topic {}", bootstrap_, topic);
  List wanted(rd_kafka_topic_partition_list_new(partitions));
  for (PartitionId partition = 0; partition < partitions; ++partition)
    rd_kafka_topic_partition_list_add(wanted.get(), topic.c_str(), partition)->offset =
        RD_KAFKA_OFFSET_SPEC_LATEST;
  const AdminOptions options(rd_kafka_AdminOptions_new(handle(), RD_KAFKA_ADMIN_OP_LISTOFFSETS));
  const RdError refused(rd_kafka_AdminOptions_set_isolation_level(
      options.get(), RD_KAFKA_ISOLATION_LEVEL_READ_UNCOMMITTED));
  const Queue answers(rd_kafka_queue_new(handle()));
  rd_kafka_ListOffsets(handle(), wanted.get(), options.get(), answers.get());
  ASSIGN_OR_RETURN(const Event event, await_answer(answers, wait, what));
  size_t count = 0;
  const auto** infos =
      rd_kafka_ListOffsets_result_infos(rd_kafka_event_ListOffsets_result(event.get()), &count);
  std::vector<Offset> ends(static_cast<size_t>(partitions), -1);
  for (size_t i = 0; i < count; ++i) {
    const rd_kafka_topic_partition_t* found =
        rd_kafka_ListOffsetsResultInfo_topic_partition(infos[i]);
    if (found->err != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(found->err, what);
    ends.at(static_cast<size_t>(found->partition)) = found->offset;
  }
  for (const Offset end : ends)
    if (end < 0) return fail(ErrorKind::transient, what + ": the answer is not complete");
  return ends;
}

Status Client::add_partitions(const std::string& topic, int partitions, Millis wait) {
  const std::string what =
      fmt::format("Raising topic {} at {} to {} partitions", topic, bootstrap_, partitions);
  std::array<char, 512> why{};
  rd_kafka_NewPartitions_t* wanted = rd_kafka_NewPartitions_new(
      topic.c_str(), static_cast<size_t>(partitions), why.data(), why.size());
  if (wanted == nullptr) return fail(ErrorKind::usage, fmt::format("{}: {}", what, why.data()));
  const Queue answers(rd_kafka_queue_new(handle()));
  rd_kafka_CreatePartitions(handle(), &wanted, 1, nullptr, answers.get());
  rd_kafka_NewPartitions_destroy(wanted);
  ASSIGN_OR_RETURN(const Event event, await_answer(answers, wait, what));
  size_t count = 0;
  const auto** made = rd_kafka_CreatePartitions_result_topics(
      rd_kafka_event_CreatePartitions_result(event.get()), &count);
  const auto code = count == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_topic_result_error(made[0]);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return fail_with(code, what);
}

Status Client::delete_records(const std::string& topic, PartitionId partition, Offset offset,
                              Millis wait) {
  const std::string what =
      fmt::format("Deleting records of topic {}, partition {} at {}", topic, partition, bootstrap_);
  List before(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(before.get(), topic.c_str(), partition)->offset = offset;
  rd_kafka_DeleteRecords_t* wanted = rd_kafka_DeleteRecords_new(before.get());
  const Queue answers(rd_kafka_queue_new(handle()));
  rd_kafka_DeleteRecords(handle(), &wanted, 1, nullptr, answers.get());
  rd_kafka_DeleteRecords_destroy(wanted);
  ASSIGN_OR_RETURN(const Event event, await_answer(answers, wait, what));
  const auto* done =
      rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event.get()));
  if (done->cnt > 0 && done->elems[0].err != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail_with(done->elems[0].err, what);
  return {};
}

}  // namespace turntable::kafka
