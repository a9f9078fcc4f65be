#include "lane/stores.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"

namespace turntable {
namespace {

// How much longer than flush_interval rows may wait for others while the sink is busy.
constexpr Millis kGatherLimit{20};
// Where several stores have rows, how long one of them is waited for while another may report.
constexpr Millis kTurnLimit{10};
// Longer without a word, and a store counts as stalled.
constexpr Millis kStalledAfter{5'000};

bool says_something(const Acks& acks) {
  const auto any = [](std::span<const std::vector<Origin>> tables) {
    return std::any_of(tables.begin(), tables.end(),
                       [](const std::vector<Origin>& table) { return !table.empty(); });
  };
  return !acks.refused.empty() || any(acks.written) || any(acks.deleted);
}

}  // namespace

Stores::Stores(std::vector<std::unique_ptr<Sink>> sinks, std::vector<RowTarget> targets,
               Options options, const Clock& clock)
    : options_(std::move(options)), clock_(clock), targets_(std::move(targets)) {
  for (auto& sink : sinks) {
    const size_t last = options_.flush.size() - 1;
    stores_.emplace_back(std::move(sink), options_.flush.at(std::min(stores_.size(), last)));
  }
  for (size_t insert = 0; insert < targets_.size(); ++insert) {
    Store& store = stores_.at(targets_[insert].store);
    const size_t table = targets_[insert].table;
    if (store.inserts.size() <= table) store.inserts.resize(table + 1);
    store.inserts[table] = insert;
  }
  for (Store& store : stores_) {
    store.rows.tables.resize(store.inserts.size());
    store.refusals.assign(store.inserts.size(), RejectBreaker(options_.max_refused_ratio));
  }
}

Sink* Stores::position_store() const {
  return stores_.size() == 1 && stores_[0].sink->keeps_positions() ? stores_[0].sink.get()
                                                                   : nullptr;
}

int64_t Stores::highest_write_time() const {
  int64_t highest = kNoWriteTime;
  for (const Store& store : stores_) highest = std::max(highest, store.sink->highest_write_time());
  return highest;
}

std::string Stores::ids() const {
  std::string ids;
  for (const Store& store : stores_)
    if (const std::string id = store.sink->id(); !id.empty()) ids += (ids.empty() ? "" : ",") + id;
  return ids;
}

std::span<RowBatch* const> Stores::rows_by_insert(size_t records) {
  for (Store& store : stores_) {
    const size_t tables = store.rows.tables.size();
    const bool too_many = store.rows.size() + records * tables > store.flush.rows;
    if (stores_.size() > 1 && (rows_full(store) || (too_many && !store.rows.empty()))) {
      store.full_bytes += store.rows.bytes();
      store.full_batches.push_back(std::exchange(store.rows, {}));
      store.rows.tables.resize(tables);
    }
    if (store.rows.empty()) store.rows_since = clock_.now();
  }
  rows_by_insert_.clear();
  for (const RowTarget& target : targets_)
    rows_by_insert_.push_back(&stores_[target.store].rows.tables[target.table]);
  return rows_by_insert_;
}

// A store that has a full batch already does not make the others' batches small: its next rows get
// a batch of their own.
size_t Stores::room() const {
  size_t room = std::numeric_limits<size_t>::max();
  for (const Store& store : stores_) {
    const bool begins_anew = rows_full(store) || !store.full_batches.empty();
    const size_t rows = begins_anew ? 0 : store.rows.size();
    room = std::min(room, (store.flush.rows - rows) / store.rows.tables.size());
  }
  return std::max(room, options_.least_room);
}

bool Stores::rows_full(const Store& store) const {
  const size_t rows = store.rows.size();
  return rows > 0 && (rows + store.rows.tables.size() > store.flush.rows ||
                      store.rows.bytes() >= store.flush.bytes);
}

SteadyTime Stores::flush_at(const Store& store) const {
  return store.rows_since + store.flush.interval + (store.sink->busy() ? kGatherLimit : Millis(0));
}

bool Stores::flush_due(const Store& store, bool hurry) const {
  if (!store.has_rows() || store.sink->full()) return false;
  return hurry || !store.full_batches.empty() || rows_full(store) ||
         clock_.now() >= flush_at(store);
}

std::optional<SteadyTime> Stores::next_flush() const {
  std::optional<SteadyTime> first;
  for (const Store& store : stores_) {
    if (!store.has_rows() || store.sink->full()) continue;
    const SteadyTime at = store.full_batches.empty() ? flush_at(store) : clock_.now();
    if (!first || at < *first) first = at;
  }
  return first;
}

Status Stores::submit(Store& store) {
  RowBatches& batch = store.next_batch();
  const size_t tables = batch.tables.size();
  const size_t bytes = batch.bytes();
  RETURN_IF_ERROR(store.sink->submit(batch));
  if (store.full_batches.empty()) {
    store.rows.tables.resize(tables);
  } else {
    store.full_bytes -= bytes;
    store.full_batches.pop_front();
  }
  return {};
}

bool Stores::all_full(bool hurry) const {
  return std::all_of(stores_.begin(), stores_.end(), [&](const Store& store) {
    return store.sink->full() && (hurry || !store.full_batches.empty() || rows_full(store));
  });
}

size_t Stores::most_bytes() const {
  size_t most = 0;
  for (const Store& store : stores_) most = std::max(most, store.full_bytes + store.rows.bytes());
  return most;
}

size_t Stores::most_flush_bytes() const {
  size_t most = 0;
  for (const Store& store : stores_) most = std::max(most, store.flush.bytes);
  return most;
}

size_t Stores::in_flight() const {
  size_t rows = 0;
  for (const Store& store : stores_) rows += store.sink->in_flight();
  return rows;
}

// A store is waited for inside its reap(). Where others may report meanwhile it is a short wait.
Millis Stores::wait_for_each(Millis wait) const {
  const auto unfinished = std::count_if(stores_.begin(), stores_.end(), [](const Store& store) {
    return store.sink->in_flight() > 0;
  });
  return unfinished > 1 ? std::min(wait, kTurnLimit) : wait;
}

void Stores::note_silence(size_t number, const Acks& acks) {
  Store& store = stores_[number];
  if (says_something(acks) || store.sink->in_flight() == 0) {
    store.silent_since.reset();
    if (stalled_ == number) stalled_.reset();
    return;
  }
  const SteadyTime now = clock_.now();
  if (!store.silent_since) store.silent_since = now;
  if (now - *store.silent_since >= kStalledAfter) stalled_ = number;
}

Status Stores::give_back(std::span<const PartitionId> partitions) {
  Status all;
  for (Store& store : stores_)
    if (Status left = store.sink->give_back(partitions); !left && all) all = std::move(left);
  return all;
}

void Stores::add_descriptors(std::vector<pollfd>& descriptors) const {
  for (const Store& store : stores_) descriptors.push_back({store.sink->wait_fd(), POLLIN, 0});
}

std::optional<Stores::Tripped> Stores::tripped() const {
  for (const Store& store : stores_)
    for (const RejectBreaker& refusals : store.refusals)
      if (refusals.tripped()) return Tripped{&store, &refusals};
  return std::nullopt;
}

std::string Stores::unfinished_names() const {
  std::string names;
  for (const Store& store : stores_)
    if (store.sink->in_flight() > 0 || store.has_rows())
      names += (names.empty() ? "" : " and ") + store.name;
  return names;
}

std::optional<size_t> Stores::stalled() const {
  return stalled_;
}

std::vector<std::string> Stores::names() const {
  std::vector<std::string> names;
  for (const Store& store : stores_) names.push_back(store.name);
  return names;
}

SinkTries Stores::tries() const {
  SinkTries all;
  for (const Store& store : stores_) all += store.sink->tries();
  return all;
}

SinkWindow Stores::window() const {
  SinkWindow all;
  for (const Store& store : stores_) {
    const SinkWindow window = store.sink->window();
    all.used += window.used;
    all.allowed += window.allowed;
  }
  return all;
}

std::vector<std::string> Stores::troubles() const {
  std::vector<std::string> troubles;
  for (const Store& store : stores_) troubles.push_back(store.sink->trouble());
  return troubles;
}

size_t Stores::waiting_bytes() const {
  size_t bytes = 0;
  for (const Store& store : stores_) bytes += store.full_bytes + store.rows.bytes();
  return bytes;
}

}  // namespace turntable
