#include "delivery/ledger.h"

#include <algorithm>

#include "base/check.h"

namespace turntable {
namespace {

// A tracker drops its finished prefix once that is at least this long and at least half of what it
// holds, which makes dropping cheap on average.
constexpr size_t kCompactFrom = 4096;

}  // namespace

Ledger::Tracker* Ledger::find(PartitionId partition) {
  const auto index = static_cast<size_t>(partition);
  return partition >= 0 && index < trackers_.size() && trackers_[index].ours ? &trackers_[index]
                                                                             : nullptr;
}

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

uint64_t Ledger::revoke(PartitionId partition) {
  Tracker* tracker = find(partition);
  if (tracker == nullptr) return 0;
  const auto left = static_cast<uint64_t>(
      std::count(tracker->finished.begin() + static_cast<ptrdiff_t>(tracker->head),
                 tracker->finished.end(), 0));
  in_flight_ -= left;
  const uint32_t epoch = tracker->epoch;
  *tracker = Tracker{};
  tracker->epoch = epoch;
  return left;
}

bool Ledger::finish(const Origin& origin) {
  Tracker* tracker = find(origin.partition);
  if (tracker == nullptr || tracker->epoch != origin.epoch || origin.ticket < tracker->first_ticket)
    return false;
  const size_t index = origin.ticket - tracker->first_ticket;
  CHECK(index < tracker->offsets.size());
  if (tracker->finished[index] != 0) return false;
  tracker->finished[index] = 1;
  --in_flight_;
  return true;
}

bool Ledger::settled(const Origin& origin) const {
  const Tracker* tracker = find(origin.partition);
  if (tracker == nullptr || tracker->epoch != origin.epoch || origin.ticket < tracker->first_ticket)
    return true;
  return tracker->finished[origin.ticket - tracker->first_ticket] != 0;
}

std::optional<Offset> Ledger::advance(PartitionId partition) {
  Tracker* tracker = find(partition);
  if (tracker == nullptr) return std::nullopt;
  const size_t before = tracker->head;
  while (tracker->head < tracker->finished.size() && tracker->finished[tracker->head] != 0)
    ++tracker->head;
  if (tracker->head == before) return std::nullopt;
  const Offset next = tracker->offsets[tracker->head - 1] + 1;
  if (tracker->head >= kCompactFrom && tracker->head * 2 >= tracker->offsets.size()) {
    tracker->offsets.erase(tracker->offsets.begin(),
                           tracker->offsets.begin() + static_cast<ptrdiff_t>(tracker->head));
    tracker->finished.erase(tracker->finished.begin(),
                            tracker->finished.begin() + static_cast<ptrdiff_t>(tracker->head));
    tracker->first_ticket += tracker->head;
    tracker->head = 0;
  }
  return next;
}

std::optional<Offset> Ledger::delivered_to(PartitionId partition) const {
  const Tracker* tracker = find(partition);
  if (tracker == nullptr || tracker->offsets.empty()) return std::nullopt;
  return tracker->offsets.back() + 1;
}

std::vector<PartitionId> Ledger::partitions() const {
  std::vector<PartitionId> ours;
  for (size_t i = 0; i < trackers_.size(); ++i)
    if (trackers_[i].ours) ours.push_back(static_cast<PartitionId>(i));
  return ours;
}

}  // namespace turntable
