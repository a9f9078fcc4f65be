#include "delivery/kafka_dead_letters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/log.h"
#include "base/text.h"
#include "decode/letter_line.h"
#include "kafka/producer.h"
#include "row/headers.h"

namespace turntable {
namespace {

constexpr Millis kFlushWait{1'000};     // Longer, and the lane looks after its group first.
constexpr Millis kQuestionWait{5'000};  // For one answer of a broker.
constexpr Millis kAskAgainAfter{100};

// In a letter's batch, beside what its record's batch had.
constexpr int64_t kHeadersRoom = 1 << 20;

// Names as in Kafka Connect's errors.deadletterqueue.context.headers (KIP-298).
constexpr std::string_view kTopic = "__connect.errors.topic";
constexpr std::string_view kPartition = "__connect.errors.partition";
constexpr std::string_view kOffset = "__connect.errors.offset";
constexpr std::string_view kConnector = "__connect.errors.connector.name";
constexpr std::string_view kStage = "__connect.errors.stage";
constexpr std::string_view kClass = "__connect.errors.exception.class.name";
constexpr std::string_view kMessage = "__connect.errors.exception.message";
constexpr std::string_view kReason = "turntable.reason";
// What each INSERT had against the record.
constexpr std::string_view kInserts = "turntable.inserts";
// Which topic the record's was, where that is known.
constexpr std::string_view kTopicId = "turntable.topic_id";
// In microseconds since 1970, where the record was given one.
constexpr std::string_view kWriteTime = "turntable.write_time";
// There where the record had headers that could not be read, and are not here.
constexpr std::string_view kHeadersUnread = "turntable.headers_unread";

// Connect's name for the step at which a record failed.
std::string_view stage_of(std::string_view reason) {
  static constexpr std::array<std::string_view, 4> kLater{"bad_value", "null_key", "unmatched",
                                                          "row_refused"};
  if (std::find(kLater.begin(), kLater.end(), reason) == kLater.end()) return "VALUE_CONVERTER";
  return reason == "row_refused" ? "TASK_PUT" : "TRANSFORMATION";
}

// It decides about no more than the order of rows: one that no record can have counts as none.
int64_t write_time_in(std::string_view text) {
  int64_t micros = 0;
  return read_number(text, micros) && micros >= 0 ? micros : kNoWriteTime;
}

class KafkaDeadLetters final : public DeadLetters {
 public:
  KafkaDeadLetters(const KafkaDeadLettersOptions& options,
                   std::unique_ptr<kafka::Producer> producer, const Clock& clock)
      : topic_(options.topic),
        topic_id_(options.topic_id),
        source_topic_id_(options.source_topic_id),
        pipeline_(options.pipeline),
        inserts_(options.inserts),
        producer_(std::move(producer)),
        clock_(clock) {}

  void add(const RecordBatch& batch, std::span<const Reject> faults) override {
    Letter letter = letter_of(batch, faults, inserts_);
    letter.topic_id = source_topic_id_;
    letter.headers = letter_headers(letter, pipeline_);
    pending_bytes_ += size_of(letter);
    pending_.push_back(std::move(letter));
  }

  // What is sent stays pending until all of it is acknowledged; what was sent is not sent again.
  Status flush() override {
    if (pending_.empty()) return {};
    const SteadyTime deadline = clock_.now() + kFlushWait;
    while (sent_ < pending_.size() && clock_.now() < deadline) {
      ASSIGN_OR_RETURN(const bool taken, send(pending_[sent_]));
      if (taken) {
        ++sent_;
      } else {
        producer_->poll(Millis(10));
      }
    }
    const Status flushed =
        producer_->flush(std::max(Millis(0), std::chrono::ceil<Millis>(deadline - clock_.now())));
    if (producer_->failure()) return tl::unexpected<Error>(*producer_->failure());
    RETURN_IF_ERROR(flushed);
    if (sent_ < pending_.size())
      return fail(ErrorKind::transient,
                  fmt::format("the dead letters' topic {} takes no more", topic_));
    RETURN_IF_ERROR(check_topic());
    letters_to_stay_ += pending_.size();
    pending_.clear();
    sent_ = 0;
    pending_bytes_ = 0;
    return {};
  }

  // The answer in flush() says nothing of what came after it, and a position behind the letters may
  // have waited for long.
  Status still_there() override { return letters_to_stay_ == 0 ? Status{} : check_topic(); }
  void let_go() override { letters_to_stay_ = 0; }

  [[nodiscard]] size_t pending_bytes() const override { return pending_bytes_; }
  [[nodiscard]] bool keeps() const override { return true; }
  [[nodiscard]] std::string name() const override { return "topic " + topic_; }

 private:
  Result<bool> send(const Letter& letter) {
    if (const size_t bytes = size_of(letter); bytes > kLetterBytesLimit)
      return fail(ErrorKind::failed,
                  fmt::format("the dead letter for {}, partition {}, offset {} has {} bytes, more "
                              "than the {} that go into a topic: dead_letters = 'file:PATH' takes "
                              "it",
                              letter.topic, letter.partition, letter.offset, grouped(bytes),
                              grouped(kLetterBytesLimit)));
    std::optional<std::string_view> key;
    if (letter.key) key = *letter.key;
    return producer_->send({.value = letter.value ? std::string_view(*letter.value) : "",
                            .has_value = letter.value.has_value(),
                            .key = key,
                            .timestamp_ms = letter.timestamp_ms,
                            .headers = letter.headers});
  }

  // What a topic has acknowledged is gone with it: letters are durable where the topic, asked after
  // their acknowledgement, is still the one of the start. Before a position behind them is stored
  // it is asked again.
  Status check_topic() {
    if (topic_id_.empty()) return {};
    ASSIGN_OR_RETURN(const kafka::TopicIdentity now, producer_->identity(topic_, kFlushWait));
    if (!now.exists)
      return fail(ErrorKind::transient, fmt::format("the dead letters' topic {} at {} does not "
                                                    "exist any more",
                                                    topic_, producer_->bootstrap()));
    if (now.id.empty() || now.id == topic_id_) return {};
    return fail(
        ErrorKind::failed,
        fmt::format("The topic {} for dead letters at {} was deleted and made anew (id {}, and now "
                    "{}): the letters in it are gone, and of the last {} it is not known whether "
                    "they are. Their offsets are not committed: start again, and they are written "
                    "to the new topic",
                    topic_, producer_->bootstrap(), topic_id_, now.id,
                    pending_.size() + letters_to_stay_));
  }

  static size_t size_of(const Letter& letter) {
    size_t bytes =
        (letter.key ? letter.key->size() : 0) + (letter.value ? letter.value->size() : 0);
    for (const Header& header : letter.headers)
      bytes += header.name.size() + (header.value ? header.value->size() : 0);
    return bytes;
  }

  std::string topic_;
  std::string topic_id_;  // At the start; empty: not known.
  std::string source_topic_id_;
  std::string pipeline_;
  std::vector<std::string> inserts_;
  std::unique_ptr<kafka::Producer> producer_;
  const Clock& clock_;
  std::vector<Letter> pending_;
  size_t sent_ = 0;             // Of pending_.
  size_t letters_to_stay_ = 0;  // Durable, since the last let_go().
  size_t pending_bytes_ = 0;
};

// A number of a topic's settings, where it is there and is one.
std::optional<int64_t> number_in(const kafka::Properties& settings, const std::string& name) {
  const auto found = settings.find(name);
  if (found == settings.end()) return std::nullopt;
  int64_t number = 0;
  return read_number(found->second, number) ? std::optional(number) : std::nullopt;
}

// Found out at start, not at the first letter that is refused. The run does not depend on it: a
// user who may not ask may write all the same.
void warn_of_settings(kafka::Producer& producer, const KafkaDeadLettersOptions& options) {
  const auto settings = producer.topic_settings(options.topic, kQuestionWait);
  if (!settings) {
    log::warn("{}; whether it keeps all dead letters is not known", settings.error().message);
    return;
  }
  kafka::Properties of_source;
  if (!options.source_topic.empty())
    if (auto found = producer.topic_settings(options.source_topic, kQuestionWait))
      of_source = std::move(*found);
  for (const LettersTopicFault& fault : letters_topic_faults(*settings, of_source))
    log::warn(
        "The topic {} for dead letters {}: kafka-configs.sh --bootstrap-server {} --alter "
        "--entity-type topics --entity-name {} --add-config {}",
        options.topic, fault.what, producer.bootstrap(), options.topic, fault.mended_by);
}

// A record as large as its own topic takes must fit, with our headers. It may have come compressed.
kafka::Properties producer_properties(const KafkaDeadLettersOptions& options) {
  kafka::Properties properties = connection_properties(options.properties);
  properties["message.max.bytes"] = std::to_string(kafka::kBatchBytesLimit);
  // A letter that has no room in librdkafka's queue would wait for ever.
  properties["queue.buffering.max.kbytes"] = std::to_string(kafka::kBatchBytesLimit / 1024);
  // librdkafka reads every batch of gzip up to the limit; of zstd that does not state its size, and
  // of lz4, less.
  properties["compression.type"] = "gzip";
  // A question about the topic would have the broker make it, with the broker's own settings.
  properties["allow.auto.create.topics"] = "false";
  return properties;
}

Status make_topic(kafka::Producer& producer, const KafkaDeadLettersOptions& options) {
  // A letter has its record's time, which may be years ago or ahead.
  const kafka::Properties wanted{
      {"max.message.bytes", std::to_string(kafka::kBatchBytesLimit)},
      {"cleanup.policy", "delete"},
      {"retention.ms", "-1"},
      {"message.timestamp.after.max.ms", std::to_string(std::numeric_limits<int64_t>::max())}};
  Status made = producer.create_topic(options.topic, 1, kQuestionWait, wanted);
  if (made) {
    log::info("Made the topic {} for dead letters", options.topic);
    return {};
  }
  if (made.error().kind == ErrorKind::failed) {
    // A policy of the cluster, or a broker that does not know all of them yet.
    const std::string why = made.error().message;
    made = producer.create_topic(options.topic, 1, kQuestionWait);
    if (made) {
      log::warn(
          "{}; made the topic with the cluster's own settings: large letters may be refused, and "
          "those of old records deleted by retention",
          why);
      return {};
    }
  }
  if (made.error().kind == ErrorKind::transient) return made;
  return fail(
      made.error().kind,
      fmt::format("{}; dead letters need it: make it, or set dead_letters to 'file:PATH' or "
                  "'drop'",
                  made.error().message));
}

}  // namespace

kafka::Properties connection_properties(const kafka::Properties& properties) {
  static constexpr std::array<std::string_view, 10> kPrefixes{"bootstrap.servers",
                                                              "metadata.broker.list",
                                                              "security.",
                                                              "sasl.",
                                                              "ssl.",
                                                              "enable.ssl.",
                                                              "client.",
                                                              "socket.",
                                                              "broker.",
                                                              "debug"};
  kafka::Properties kept;
  for (const auto& property : properties) {
    if (std::any_of(kPrefixes.begin(), kPrefixes.end(),
                    [&](std::string_view prefix) { return property.first.starts_with(prefix); }))
      kept.insert(property);
  }
  return kept;
}

Result<std::unique_ptr<DeadLetters>> dead_letters_in_kafka(const KafkaDeadLettersOptions& options,
                                                           const Clock& clock) {
  ASSIGN_OR_RETURN(auto producer,
                   kafka::Producer::open({options.topic, producer_properties(options)}, clock));
  return std::make_unique<KafkaDeadLetters>(options, std::move(producer), clock);
}

Result<std::string> prepare_dead_letters_topic(const KafkaDeadLettersOptions& options,
                                               const Clock& clock) {
  ASSIGN_OR_RETURN(const auto producer,
                   kafka::Producer::open({options.topic, producer_properties(options)}, clock));
  ASSIGN_OR_RETURN(const int partitions, producer->partition_count(options.topic, kQuestionWait));
  if (partitions > 0) {
    warn_of_settings(*producer, options);
  } else {
    RETURN_IF_ERROR(make_topic(*producer, options));
  }
  auto identity =
      await_topic_identity([&] { return producer->identity(options.topic, kQuestionWait); }, clock);
  if (identity && !identity->exists)
    return fail(ErrorKind::transient,
                fmt::format("The topic {} for dead letters is not known at {}", options.topic,
                            producer->bootstrap()));
  if (identity) return std::move(identity->id);
  if (identity.error().kind == ErrorKind::transient || producer->failure())
    return tl::unexpected<Error>(identity.error());
  // One that cannot be asked for the id can be written to all the same.
  log::warn("{}; that the topic is deleted and made anew will not be noticed",
            identity.error().message);
  return std::string();
}

Result<kafka::TopicIdentity> await_topic_identity(
    const std::function<Result<kafka::TopicIdentity>()>& ask, const Clock& clock) {
  const SteadyTime deadline = clock.now() + kQuestionWait;
  while (true) {
    auto identity = ask();
    if (!identity || identity->exists || clock.now() >= deadline) return identity;
    clock.sleep(kAskAgainAfter);
  }
}

Result<kafka::TopicIdentity> source_topic_identity(const KafkaDeadLettersOptions& options,
                                                   const Clock& clock) {
  ASSIGN_OR_RETURN(
      const auto producer,
      kafka::Producer::open({options.source_topic, producer_properties(options)}, clock));
  return await_topic_identity(
      [&] { return producer->identity(options.source_topic, kQuestionWait); }, clock);
}

std::vector<LettersTopicFault> letters_topic_faults(const kafka::Properties& topic,
                                                    const kafka::Properties& source) {
  std::vector<LettersTopicFault> faults;
  // A batch of the source's may hold one record only, which becomes a letter with our headers.
  const auto limit = static_cast<int64_t>(kafka::kBatchBytesLimit);
  const auto source_bytes = number_in(source, "max.message.bytes");
  const int64_t needed = source_bytes ? std::min(limit, *source_bytes + kHeadersRoom) : limit;
  if (const auto bytes = number_in(topic, "max.message.bytes"); bytes && *bytes < needed)
    faults.push_back({fmt::format("takes no letter of more than {} bytes (max.message.bytes), and "
                                  "the run would stop at one",
                                  grouped(static_cast<uint64_t>(std::max<int64_t>(*bytes, 0)))),
                      fmt::format("max.message.bytes={}", limit)});
  const auto policy = topic.find("cleanup.policy");
  if (policy == topic.end()) return faults;
  if (policy->second.find("compact") != std::string::npos)
    faults.push_back(
        {fmt::format("keeps only the last letter of a key, and refuses letters without one "
                     "(cleanup.policy = {})",
                     policy->second),
         "cleanup.policy=delete"});
  if (policy->second.find("delete") == std::string::npos) return faults;
  if (const auto kept = number_in(topic, "retention.ms"); kept && *kept >= 0)
    faults.push_back({fmt::format("deletes letters whose records are older than {} ms "
                                  "(retention.ms)",
                                  grouped(static_cast<uint64_t>(*kept))),
                      "retention.ms=-1"});
  if (const auto kept = number_in(topic, "retention.bytes"); kept && *kept >= 0)
    faults.push_back({fmt::format("deletes the oldest letters beyond {} bytes (retention.bytes)",
                                  grouped(static_cast<uint64_t>(*kept))),
                      "retention.bytes=-1"});
  return faults;
}

std::vector<Header> letter_headers(const Letter& letter, const std::string& pipeline) {
  std::vector<Header> headers = letter.headers;
  const auto add = [&headers](std::string_view name, std::string value) {
    headers.push_back({std::string(name), std::move(value)});
  };
  add(kTopic, letter.topic);
  add(kPartition, fmt::to_string(letter.partition));
  add(kOffset, fmt::to_string(letter.offset));
  add(kConnector, pipeline);
  add(kStage, std::string(stage_of(letter.reason)));
  add(kClass, "turntable." + letter.reason);
  add(kMessage, letter.detail);
  add(kReason, letter.reason);
  if (!letter.inserts.empty()) add(kInserts, letter_inserts_json(letter.inserts));
  if (!letter.topic_id.empty()) add(kTopicId, letter.topic_id);
  if (letter.write_time_us != kNoWriteTime) add(kWriteTime, fmt::to_string(letter.write_time_us));
  if (letter.headers_unread) add(kHeadersUnread, "true");
  return headers;
}

Result<Letter> letter_from(const RecordBatch& batch, const Record& record) {
  auto read = headers_of(batch, record);
  if (!read) return fail(ErrorKind::row, "its headers cannot be read");
  std::vector<Header> headers = std::move(*read);
  // A record that was a dead letter before has such headers of its own: the last ones are ours.
  const auto last = std::find_if(headers.rbegin(), headers.rend(),
                                 [](const Header& header) { return header.name == kTopic; });
  if (last == headers.rend())
    return fail(ErrorKind::row, fmt::format("it has no header {}", kTopic));
  const auto ours = last.base() - 1;
  Letter letter{.timestamp_ms = record.timestamp_ms};
  bool placed = true;
  for (auto header = ours; header != headers.end(); ++header) {
    const std::string value = header->value.value_or("");
    if (header->name == kTopic) letter.topic = value;
    if (header->name == kPartition) placed = placed && read_number(value, letter.partition);
    if (header->name == kOffset) placed = placed && read_number(value, letter.offset);
    if (header->name == kMessage) letter.detail = value;
    if (header->name == kReason) letter.reason = value;
    if (header->name == kInserts) {
      auto inserts = parse_letter_inserts(value);
      if (!inserts) return fail(ErrorKind::row, "its headers do not say which INSERTs it is of");
      letter.inserts = std::move(*inserts);
    }
    if (header->name == kTopicId) letter.topic_id = value;
    if (header->name == kWriteTime) letter.write_time_us = write_time_in(value);
    if (header->name == kHeadersUnread) letter.headers_unread = true;
  }
  if (!placed || !is_place(letter.partition, letter.offset) || letter.reason.empty())
    return fail(ErrorKind::row, "its headers do not say which record it was, and why it is here");
  if (record.has_key) letter.key = record.key;
  if (record.has_value) letter.value = record.value;
  headers.erase(ours, headers.end());
  letter.headers = std::move(headers);
  return letter;
}

}  // namespace turntable
