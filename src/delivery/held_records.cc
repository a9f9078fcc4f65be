#include "delivery/held_records.h"

#include <map>
#include <tuple>
#include <utility>

namespace turntable {
namespace {

size_t bytes_of(const RecordBatch& batch) {
  size_t bytes = batch.size() * (sizeof(Record) + sizeof(Origin));
  for (const Record& record : batch.records)
    bytes += record.value.size() + record.key.size() + record.headers.size();
  return bytes;
}

std::tuple<PartitionId, uint32_t, uint64_t> identity(const Origin& origin) {
  return {origin.partition, origin.epoch, origin.ticket};
}

}  // namespace

const HeldRecords::Batch& HeldRecords::add(RecordBatch records, std::vector<Origin> origins) {
  const size_t bytes = bytes_of(records);
  bytes_ += bytes;
  held_.push_back({{std::move(records), std::move(origins)}, bytes, 0});
  return held_.back().batch;
}

void HeldRecords::release() {
  while (!held_.empty()) {
    Held& oldest = held_.front();
    std::vector<Origin>& origins = oldest.batch.origins;
    while (oldest.settled < origins.size() && ledger_.awaited(origins[oldest.settled]).empty())
      ++oldest.settled;
    if (oldest.settled < origins.size()) return;
    bytes_ -= oldest.bytes;
    origins.clear();
    spare_origins_.push_back(std::move(origins));
    held_.pop_front();
  }
}

std::vector<HeldRecords::Place> HeldRecords::find(std::span<const Origin> origins) const {
  std::vector<Place> places(origins.size());
  std::multimap<std::tuple<PartitionId, uint32_t, uint64_t>, size_t> wanted;
  for (size_t i = 0; i < origins.size(); ++i) wanted.emplace(identity(origins[i]), i);
  for (const Held& held : held_) {
    if (wanted.empty()) break;
    const std::vector<Origin>& of_batch = held.batch.origins;
    for (size_t row = held.settled; row < of_batch.size(); ++row) {
      const auto [begin, end] = wanted.equal_range(identity(of_batch[row]));
      for (auto found = begin; found != end; ++found)
        places[found->second] = {&held.batch.records, static_cast<uint32_t>(row)};
      wanted.erase(begin, end);
    }
  }
  return places;
}

std::vector<Origin> HeldRecords::spare_origins() {
  if (spare_origins_.empty()) return {};
  std::vector<Origin> spare = std::move(spare_origins_.back());
  spare_origins_.pop_back();
  return spare;
}

}  // namespace turntable
