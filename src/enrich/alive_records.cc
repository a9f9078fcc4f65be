#include "enrich/alive_records.h"

#include <algorithm>

#include "base/check.h"

namespace turntable {

void AliveRecords::spread(size_t rows) {
  narrowed();
  if (alive_.size() == 1) return;
  all_ = alive_[0];
  for (size_t insert = 1; insert < alive_.size(); ++insert) alive_[insert] = all_;
  if (marks_.size() < rows) marks_.resize(rows);
}

void AliveRecords::narrowed() {
  for (Union& united : unions_) united.known = false;
}

const Selection& AliveRecords::in_any(InsertSet inserts) {
  CHECK(!inserts.empty());
  // One that has lost nothing yet, or is the only one, is the union.
  for (size_t insert = 0; insert < alive_.size(); ++insert)
    if (inserts.has(insert) && (inserts.size() == 1 || alive_[insert].size() == all_.size()))
      return alive_[insert];
  auto found = std::find_if(unions_.begin(), unions_.end(),
                            [&](const Union& united) { return united.inserts == inserts; });
  if (found == unions_.end()) found = unions_.insert(found, {.inserts = inserts, .rows = {}});
  if (!found->known) unite(*found);
  return found->rows;
}

void AliveRecords::unite(Union& wanted) {
  for (size_t insert = 0; insert < alive_.size(); ++insert)
    if (wanted.inserts.has(insert))
      for (const uint32_t row : alive_[insert]) marks_[row] = 1;
  wanted.rows.clear();
  for (const uint32_t row : all_)
    if (marks_[row] != 0) wanted.rows.push_back(row);
  for (const uint32_t row : wanted.rows) marks_[row] = 0;
  wanted.known = true;
}

}  // namespace turntable
