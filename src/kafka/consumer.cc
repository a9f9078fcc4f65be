#include "kafka/consumer.h"

#include <fmt/format.h>
#include <poll.h>

#include "base/check.h"
#include "base/text.h"
#include "kafka/librdkafka.h"
#include "kafka/messages.h"
#include "row/arena.h"

namespace turntable::kafka {

namespace {

constexpr Millis kRevokeCommitWait{5'000};  // Others wait for these partitions meanwhile.

List list_of(const std::string& topic, std::span<const Position> positions) {
  List list(rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())));
  for (const Position& position : positions) {
    auto* entry = rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), position.partition);
    entry->offset = position.offset;
  }
  return list;
}

// The same with notes. For commits only: in an assignment librdkafka neither uses nor frees them.
List commits_of(const std::string& topic, std::span<const Position> positions) {
  List list = list_of(topic, positions);
  for (size_t i = 0; i < positions.size(); ++i) {
    const std::string& note = positions[i].note;
    if (note.empty()) continue;
    list->elems[i].metadata = strdup(note.c_str());  // The list frees it.
    list->elems[i].metadata_size = note.size();
  }
  return list;
}

// The assignment protocol that the group has agreed on: cooperative ones move partitions one by
// one.
bool is_cooperative(rd_kafka_t* rk) {
  return std::strcmp(rd_kafka_rebalance_protocol(rk), "COOPERATIVE") == 0;
}

std::string value_of(const Properties& properties, const std::string& name,
                     const char* otherwise = "") {
  const auto found = properties.find(name);
  return found == properties.end() ? otherwise : found->second;
}

Status checked(rd_kafka_error_t* raw, const std::string& what) {
  const RdError error(raw);
  if (!error) return {};
  return fail(kind_of(rd_kafka_error_code(error.get())),
              fmt::format("{}: {}", what, rd_kafka_error_string(error.get())));
}

}  // namespace

struct Consumer::Parts {
  Queue control;                             // librdkafka's own: callbacks and errors of the group.
  Queue records;                             // Ours.
  std::vector<rd_kafka_message_t*> drained;  // Room for what comes of it at once.
};

// Counted, for they must be gone before the consumer is.
class Consumer::Batch final : public Messages {
 public:
  Batch(size_t& alive, size_t messages) : alive_(alive) {
    ++alive_;
    reserve(messages);
  }
  ~Batch() override { --alive_; }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  Arena headers_;

 private:
  size_t& alive_;
};

Consumer::Consumer(const Options& options, RebalanceHandler& handler, const Clock& clock,
                   EventFd event)
    : Client("consumer of topic " + options.topic, options.properties, clock),
      topic_(options.topic),
      group_(value_of(options.properties, "group.id")),
      strategy_(value_of(options.properties, "partition.assignment.strategy", "the broker's own")),
      want_headers_(options.want_headers),
      broker_assigns_(lowercase(value_of(options.properties, "group.protocol")) == "consumer"),
      is_static_(options.properties.contains("group.instance.id")),
      handler_(handler),
      clock_(clock),
      event_(std::move(event)),
      parts_(std::make_unique<Parts>()) {}

Consumer::~Consumer() {
  CHECK(batches_alive_ == 0);
}

Result<std::unique_ptr<Consumer>> Consumer::open(const Options& options, RebalanceHandler& handler,
                                                 const Clock& clock) {
  Properties properties = options.properties;
  properties["log.queue"] = "true";  // So that the log is polled too, and no foreign thread enters.
  ASSIGN_OR_RETURN(Conf conf, make_conf(properties));
  rd_kafka_conf_set_rebalance_cb(
      conf.get(), [](rd_kafka_t*, rd_kafka_resp_err_t code,
                     rd_kafka_topic_partition_list_t* partitions, void* opaque) {
        static_cast<Consumer*>(static_cast<Client*>(opaque))->on_rebalance(code, partitions);
      });
  rd_kafka_conf_set_offset_commit_cb(
      conf.get(),
      [](rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t*, void* opaque) {
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__NO_OFFSET) return;
        auto* self = static_cast<Consumer*>(static_cast<Client*>(opaque));
        // Stored positions are kept and committed again; an owner that lost its partitions in
        // between is no news.
        self->health().warn(
            "commit", fmt::format("Committing offsets of topic {} failed and will be repeated: {}",
                                  self->topic_, rd_kafka_err2str(code)));
      });

  ASSIGN_OR_RETURN(EventFd event, EventFd::open());
  std::unique_ptr<Consumer> consumer(new Consumer(options, handler, clock, std::move(event)));
  RETURN_IF_ERROR(consumer->start(std::move(conf), false));
  rd_kafka_t* rk = consumer->handle();
  rd_kafka_poll_set_consumer(rk);
  Parts& parts = *consumer->parts_;
  parts.control.reset(rd_kafka_queue_get_consumer(rk));
  parts.records.reset(rd_kafka_queue_new(rk));
  rd_kafka_set_log_queue(rk, parts.control.get());
  constexpr uint64_t kOne = 1;  // What an eventfd takes.
  const int event_fd = consumer->event_.fd();
  rd_kafka_queue_io_event_enable(parts.control.get(), event_fd, &kOne, sizeof kOne);
  rd_kafka_queue_io_event_enable(parts.records.get(), event_fd, &kOne, sizeof kOne);
  return consumer;
}

Status Consumer::subscribe() {
  List list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), RD_KAFKA_PARTITION_UA);
  const auto code = rd_kafka_subscribe(handle(), list.get());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return fail_with(code, fmt::format("Subscribing to topic {} at {}", topic_, bootstrap()));
}

void Consumer::serve() {
  while (rd_kafka_message_t* message = rd_kafka_consumer_poll(handle(), 0)) {
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      // Every partition is forwarded before it is assigned, so this cannot be; dropping it would
      // lose a record.
      health().fail_for_good(
          {ErrorKind::failed, "A record came on the queue of events: a bug in the Kafka consumer"});
    } else if (message->err == RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL) {
      health().fail_for_good({ErrorKind::failed, other_strategy()});
    } else {
      health().on_error(message->err, rd_kafka_message_errstr(message));
    }
    rd_kafka_message_destroy(message);
  }
  look_after_brokers();
}

// Asked again for a while: a group that rebalances has no strategy.
std::string Consumer::other_strategy() {
  constexpr Millis kQuestionWait{2'000};
  constexpr Millis kAskAgainAfter{500};
  constexpr int kTries = 6;
  GroupState state;
  for (int attempt = 0; attempt < kTries && state.strategy.empty(); ++attempt) {
    if (attempt > 0) clock_.sleep(kAskAgainAfter);
    if (auto answer = group_state(group_, kQuestionWait)) state = std::move(*answer);
  }
  return fmt::format("The consumer of topic {} cannot join its group: {}", topic_,
                     other_strategy_sentence(state, group_, strategy_));
}

Drained Consumer::drain(size_t limit) {
  Drained out;
  std::vector<rd_kafka_message_t*>& drained = parts_->drained;
  drained.resize(limit);
  const ssize_t count =
      rd_kafka_consume_batch_queue(parts_->records.get(), 0, drained.data(), drained.size());
  if (count <= 0) return out;
  drained.resize(static_cast<size_t>(count));
  auto owner = std::make_unique<Batch>(batches_alive_, drained.size());
  out.records.reserve(drained.size());
  for (rd_kafka_message_t* message : drained) {
    owner->keep(message);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) [[likely]] {
      Record& record = out.records.emplace_back(owner->last_record());
      if (want_headers_) fill_headers(message, record, owner->headers_);
      continue;
    }
    Notice notice{Notice::Kind::passing, message->partition, message->offset, kind_of(message->err),
                  printable(rd_kafka_message_errstr(message), 400)};
    if (message->err == RD_KAFKA_RESP_ERR__BAD_COMPRESSION) {
      notice.text += fmt::format(
          ": its batch is damaged, or inflates to more than {} bytes; only by hand can the "
          "position "
          "be moved behind it",
          grouped(kBatchBytesLimit));
    }
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      notice.kind = Notice::Kind::end;
    } else if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
      notice.kind = Notice::Kind::out_of_range;
    } else if (notice.error != ErrorKind::transient) {
      notice.kind = Notice::Kind::broken;
    }
    out.notices.push_back(std::move(notice));
  }
  // The event is written only when an empty queue gets something: what is left here has to be
  // announced by us.
  if (drained.size() == limit) event_.signal();
  if (!out.records.empty()) out.owner = std::move(owner);
  return out;
}

void Consumer::wait(Millis limit) const {
  pollfd event{event_.fd(), POLLIN, 0};
  ::poll(&event, 1, static_cast<int>(limit.count()));
}

void Consumer::listen() {
  event_.clear();
}

// Stopping a partition undoes its forwarding, so this is called after every start, and before the
// first one too, or records would come on librdkafka's queue. What has arrived in between moves
// along.
void Consumer::forward(std::span<const Position> positions) {
  for (const Position& position : positions) {
    const Queue queue(rd_kafka_queue_get_partition(handle(), topic_.c_str(), position.partition));
    CHECK(queue != nullptr);
    rd_kafka_queue_forward(queue.get(), parts_->records.get());
  }
}

void Consumer::on_rebalance(int code, rd_kafka_topic_partition_list_t* partitions) {
  rd_kafka_t* rk = handle();
  const bool cooperative = is_cooperative(rk);
  std::vector<PartitionId> ids;
  for (int i = 0; i < partitions->cnt; ++i) ids.push_back(partitions->elems[i].partition);

  RdError error;
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    // Partitions that the handler does not take are assigned all the same, or librdkafka's books
    // would not agree with the group's; what comes of them is for the handler to drop.
    std::vector<Position> positions;
    for (const PartitionId id : ids) positions.push_back({id, RD_KAFKA_OFFSET_END});
    if (auto taken = handler_.on_assign(ids)) positions = std::move(*taken);
    forward(positions);
    const List starts = list_of(topic_, positions);
    error.reset(cooperative ? rd_kafka_incremental_assign(rk, starts.get()) : nullptr);
    if (!cooperative) rd_kafka_assign(rk, starts.get());
    forward(positions);
  } else {
    const bool lost = assignment_lost();
    handler_.on_revoke(ids, lost);
    if (!lost) {
      if (const Status status = commit_stored(kRevokeCommitWait); !status) {
        health().warn(
            "revoke",
            fmt::format(
                "Partitions of topic {} are given back with their last offsets not committed, and "
                "will be read again from there: {}",
                topic_, status.error().message));
      }
    }
    error.reset(cooperative ? rd_kafka_incremental_unassign(rk, partitions) : nullptr);
    if (!cooperative) rd_kafka_assign(rk, nullptr);
  }
  // Fails where the group moved on during the callback: a new rebalance then follows by itself.
  if (error) {
    health().warn("rebalance", fmt::format("Rebalance of topic {}: {}", topic_,
                                           rd_kafka_error_string(error.get())));
  }
}

bool Consumer::assignment_lost() const {
  return rd_kafka_assignment_lost(handle()) != 0;
}

Result<std::vector<Committed>> Consumer::committed(std::span<const PartitionId> partitions,
                                                   Millis wait) {
  List list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const PartitionId partition : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition);
  }
  const std::string what =
      fmt::format("Asking {} for the group's commits in topic {}", bootstrap(), topic_);
  const auto code = rd_kafka_committed(handle(), list.get(), static_cast<int>(wait.count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, what);
  std::vector<Committed> commits;
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& entry = list->elems[i];
    if (entry.err != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(entry.err, what);
    Committed& commit = commits.emplace_back();
    if (entry.offset >= 0) commit.offset = entry.offset;
    if (entry.metadata != nullptr)
      commit.metadata.assign(static_cast<const char*>(entry.metadata), entry.metadata_size);
  }
  return commits;
}

void Consumer::store(const Position& position) {
  // A list of its own each time: librdkafka keeps in an entry to which partition's state it
  // belongs, so that a reused one would store for the wrong partition. An error says that the
  // partition is no longer ours: its next owner will store.
  rd_kafka_offsets_store(handle(), commits_of(topic_, {&position, 1}).get());
}

Status Consumer::commit_stored(Millis wait, Meanwhile meanwhile) {
  return await_commit(nullptr, wait, meanwhile);
}

Status Consumer::commit(std::span<const Position> positions, Millis wait) {
  return await_commit(commits_of(topic_, positions).get(), wait, Meanwhile::nothing);
}

Status Consumer::await_commit(rd_kafka_topic_partition_list_t* offsets, Millis wait,
                              Meanwhile meanwhile) {
  const std::string what = fmt::format("Committing offsets of topic {} at {}", topic_, bootstrap());
  const Queue answers(rd_kafka_queue_new(handle()));
  commit_met_rebalance_ = false;
  auto code = rd_kafka_commit_queue(handle(), offsets, answers.get(), nullptr, nullptr);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return refused(code, what);
  constexpr Millis kStep{100};
  const SteadyTime deadline = clock_.now() + wait;
  rd_kafka_event_t* event = nullptr;
  while (event == nullptr) {
    const Millis left = std::max(Millis(0), std::chrono::ceil<Millis>(deadline - clock_.now()));
    const Millis step = meanwhile == Meanwhile::serve ? std::min(left, kStep) : left;
    event = rd_kafka_queue_poll(answers.get(), static_cast<int>(step.count()));
    if (event != nullptr || step == left) break;
    serve();
  }
  if (event == nullptr) return fail(ErrorKind::transient, what + ": no answer in time");
  code = rd_kafka_event_error(event);
  if (const auto* list = rd_kafka_event_topic_partition_list(event); list != nullptr) {
    for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
      code = list->elems[i].err;
  }
  rd_kafka_event_destroy(event);
  commit_met_rebalance_ = code == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS ||
                          code == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
                          code == RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH;
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__NO_OFFSET) return {};
  return refused(code, what);
}

Status Consumer::restart(std::span<const Position> positions, PartitionId moved) {
  const std::string what = fmt::format("Reading on in topic {}, partition {}", topic_, moved);
  std::vector<Position> restarted(positions.begin(), positions.end());
  if (is_cooperative(handle())) {
    std::erase_if(restarted,
                  [moved](const Position& position) { return position.partition != moved; });
    const List list = list_of(topic_, restarted);
    RETURN_IF_ERROR(checked(rd_kafka_incremental_unassign(handle(), list.get()), what));
    RETURN_IF_ERROR(checked(rd_kafka_incremental_assign(handle(), list.get()), what));
  } else {
    // In two steps: the second is taken up when the partitions have come to rest, and may be
    // forwarded for good.
    auto code = rd_kafka_assign(handle(), nullptr);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
      code = rd_kafka_assign(handle(), list_of(topic_, restarted).get());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, what);
  }
  forward(restarted);
  return {};
}

Offset Consumer::cached_high(PartitionId partition) const {
  int64_t low = -1;
  int64_t high = -1;
  const auto code =
      rd_kafka_get_watermark_offsets(handle(), topic_.c_str(), partition, &low, &high);
  return code == RD_KAFKA_RESP_ERR_NO_ERROR ? high : -1;
}

// librdkafka's close() tells the broker nothing where a cooperative member has no partition, and
// the group would wait for it until its session times out. Without a subscription it does leave; in
// the middle of a rebalance only when that is over, which is seen by its having no member's id any
// more.
void Consumer::unsubscribe(SteadyTime deadline) {
  rd_kafka_unsubscribe(handle());
  // There a member chooses its id and keeps it, and close() does tell the broker.
  if (broker_assigns_) return;
  while (clock_.now() < deadline) {
    const std::unique_ptr<char, void (*)(char*)> id(rd_kafka_memberid(handle()), [](char* text) {
      if (text != nullptr) rd_kafka_mem_free(nullptr, text);
    });
    if (id == nullptr || *id == '\0') return;
    if (rd_kafka_message_t* message = rd_kafka_consumer_poll(handle(), 20))
      rd_kafka_message_destroy(message);
  }
}

// Destroyed while an assignment waits for the application's answer, librdkafka would wait for that
// for ever (rd_kafka_cgrp_unassign() of 2.12.1 ends only the wait of a revocation). So it is given
// one here, by which no partition comes.
void Consumer::answer_assignment() {
  if (is_cooperative(handle())) {
    const RdError ignored(rd_kafka_incremental_assign(handle(), list_of(topic_, {}).get()));
  } else {
    rd_kafka_assign(handle(), nullptr);
  }
}

Status Consumer::close(Millis limit) {
  // A static member does not leave, and has nothing to wait for. librdkafka's close() would: it
  // commits once more, and the broker answers that behind the join of a member that may be gone.
  if (is_static_) {
    const Status committed = commit_stored(limit);
    answer_assignment();
    return committed;
  }
  const std::string what = fmt::format("Leaving the group of topic {} at {}", topic_, bootstrap());
  const SteadyTime deadline = clock_.now() + limit;
  unsubscribe(deadline);
  RETURN_IF_ERROR(checked(rd_kafka_consumer_close_queue(handle(), parts_->control.get()), what));
  while (rd_kafka_consumer_closed(handle()) == 0) {
    if (clock_.now() > deadline) return fail(ErrorKind::transient, what + ": no answer in time");
    if (rd_kafka_message_t* message = rd_kafka_consumer_poll(handle(), 50))
      rd_kafka_message_destroy(message);
  }
  return {};
}

}  // namespace turntable::kafka
