// Where a run to the end ends (source/kafka_source.h).
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/log.h"
#include "base/text.h"
#include "source/kafka_source.h"

namespace turntable {
namespace {

// Transactions take milliseconds; one that takes so long is told.
constexpr Millis kTransactionSaidAfter{5'000};

}  // namespace

Status KafkaSource::take_ends(int partitions) {
  ASSIGN_OR_RETURN(const std::vector<Offset> ends, insist(true, [&] {
                     return consumer_->ends(options_.topic, partitions, kQuestionWait);
                   }));
  for (PartitionId partition = 0; partition < partitions; ++partition) {
    ASSIGN_OR_RETURN(const kafka::Watermarks marks, insist(true, [&] {
                       return consumer_->watermarks(options_.topic, partition, kQuestionWait);
                     }));
    part_of(partition).end = ends[static_cast<size_t>(partition)];
    part_of(partition).low_at_open = marks.low;
  }
  return {};
}

bool KafkaSource::at_end() const {
  if (!options_.until_end || !assigned_once_) return false;
  bool any = false;
  for (const Part& part : parts_) {
    if (!part.owned) continue;
    if (part.next < part.end) return false;
    any = true;
  }
  return any || group_done_;
}

// A member without partitions is done when the others have read everything: until then it may still
// get some.
void KafkaSource::look_at_group() {
  if (!options_.until_end || !assigned_once_ || group_done_ || clock_.now() < next_look_) return;
  if (std::any_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.owned; }))
    return;
  next_look_ = clock_.now() + kLookEvery;
  std::vector<PartitionId> all(parts_.size());
  std::iota(all.begin(), all.end(), 0);
  const auto commits = consumer_->committed(all, kSlice * 5);
  if (!commits) return;
  for (size_t i = 0; i < all.size(); ++i) {
    const Part& part = parts_[i];
    if (part.end > part.low_at_open && (*commits)[i].offset < part.end) return;
  }
  group_done_ = true;
}

// A run to the end does not end before records that stand in a transaction which is not finished,
// and does not wait for ever for a producer that will not finish it.
Status KafkaSource::look_at_transactions() {
  if (!options_.until_end) return {};
  const SteadyTime now = clock_.now();
  const Part* first = nullptr;
  size_t count = 0;
  SteadyTime since{};
  for (const Part& part : parts_) {
    if (!part.owned || part.next >= part.end) continue;
    if (!part.stable_end_since) return {};  // It is being read.
    since = std::max(since, *part.stable_end_since);
    if (first == nullptr) first = &part;
    ++count;
  }
  if (first == nullptr || now - since < kTransactionSaidAfter) return {};
  const auto partition = static_cast<PartitionId>(first - parts_.data());
  const std::string what = fmt::format(
      "{}, partition {}: up to {} records (offsets {} to {}) stand behind a transaction that is "
      "not finished{}",
      name(), partition, grouped(static_cast<uint64_t>(first->end - first->next)), first->next,
      first->end - 1, count > 1 ? fmt::format(", and so in {} other partitions", count - 1) : "");
  if (now - since >= options_.transaction_wait)
    return fail(ErrorKind::failed,
                fmt::format("{} after {} s; all before them is read. Run again when it is finished "
                            "or aborted (kafka-transactions.sh --bootstrap-server {} "
                            "describe-producers --topic {} --partition {} tells whose it is)",
                            what, options_.transaction_wait.count() / 1000, consumer_->bootstrap(),
                            options_.topic, partition));
  if (!transactions_said_)
    log::warn("{}; waiting {} s for it", what, options_.transaction_wait.count() / 1000);
  transactions_said_ = true;
  return {};
}

}  // namespace turntable
