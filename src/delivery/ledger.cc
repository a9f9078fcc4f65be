#include "delivery/ledger.h"

#include <algorithm>

#include "base/check.h"

namespace turntable {
namespace {

// A tracker drops its finished prefix once that is at least this long and at least half of what it
// holds, which makes dropping cheap on average.
constexpr size_t kCompactFrom = 4096;

}  // namespace

const Ledger::Tracker* Ledger::find(PartitionId partition) const {
  return const_cast<Ledger*>(this)->find(partition);
}

bool Ledger::owns(PartitionId partition) const {
  return find(partition) != nullptr;
}

void Ledger::assign(PartitionId partition) {
  CHECK(partition >= 0);
  const auto index = static_cast<size_t>(partition);
  if (index >= trackers_.size()) trackers_.resize(index + 1);
  if (trackers_[index].ours) revoke(partition);
  const uint32_t epoch = trackers_[index].epoch + 1;
  trackers_[index] = Tracker{};
  trackers_[index].ours = true;
  trackers_[index].epoch = epoch;
}

Ledger::Returned Ledger::revoke(PartitionId partition) {
  Returned returned;
  Tracker* tracker = find(partition);
  if (tracker == nullptr) return returned;
  for (size_t i = tracker->head; i < tracker->records.size(); ++i) {
    const InsertSet awaited = tracker->records[i].awaited;
    if (awaited.empty()) continue;
    ++returned.records;
    awaited.for_each([&](size_t insert) {
      ++returned.inserts[insert];
      ++ended_[insert];
    });
  }
  in_flight_ -= returned.records;
  const uint32_t epoch = tracker->epoch;
  *tracker = Tracker{};
  tracker->epoch = epoch;
  return returned;
}

InsertSet Ledger::awaited(const Origin& origin) const {
  const Entry* entry = const_cast<Ledger*>(this)->find(origin);
  return entry == nullptr ? InsertSet() : entry->awaited;
}

std::optional<Offset> Ledger::advance(PartitionId partition) {
  Tracker* tracker = find(partition);
  if (tracker == nullptr) return std::nullopt;
  const size_t before = tracker->head;
  while (tracker->head < tracker->records.size() && tracker->records[tracker->head].awaited.empty())
    ++tracker->head;
  if (tracker->head == before) return std::nullopt;
  const Offset next = tracker->records[tracker->head - 1].offset + 1;
  if (tracker->head >= kCompactFrom && tracker->head * 2 >= tracker->records.size()) {
    tracker->records.erase(tracker->records.begin(),
                           tracker->records.begin() + static_cast<ptrdiff_t>(tracker->head));
    tracker->first_ticket += tracker->head;
    tracker->head = 0;
  }
  return next;
}

std::optional<Offset> Ledger::delivered_to(PartitionId partition) const {
  const Tracker* tracker = find(partition);
  if (tracker == nullptr || tracker->records.empty()) return std::nullopt;
  return tracker->records.back().offset + 1;
}

std::vector<PartitionId> Ledger::partitions() const {
  std::vector<PartitionId> ours;
  for (size_t i = 0; i < trackers_.size(); ++i)
    if (trackers_[i].ours) ours.push_back(static_cast<PartitionId>(i));
  return ours;
}

}  // namespace turntable
