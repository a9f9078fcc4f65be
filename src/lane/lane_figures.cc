// What a lane shows of itself (lane_view.h).
#include <utility>

#include "base/micros.h"
#include "lane/lane.h"

namespace turntable {
namespace {

// What takes more than a few numbers to tell is told so often.
constexpr Millis kDetailsEvery{200};
constexpr size_t kMostMissedShown = 10;

}  // namespace

std::string_view phase_name(Phase phase) {
  switch (phase) {
    case Phase::fetch:
      return "fetch";
    case Phase::decode:
      return "decode";
    case Phase::join:
      return "join";
    case Phase::encode:
      return "encode";
    case Phase::write:
      return "write";
    case Phase::commit:
      return "commit";
    case Phase::wait:
      return "wait";
  }
  return "unknown";
}

void Lane::note_read(const RecordBatch& batch) {
  batches_.add(static_cast<int64_t>(batch.size()));
  last_record_us_ = micros_of(clock_.wall());
  for (const Record& record : batch.records) {
    const auto partition = static_cast<size_t>(record.partition);
    if (partition >= last_record_ms_.size()) last_record_ms_.resize(partition + 1, kNoTimestamp);
    last_record_ms_[partition] = record.timestamp_ms;
  }
}

// `last`: nothing follows, so that everything is told.
void Lane::publish(LaneState state, bool last) {
  const SteadyTime now = clock_.now();
  if (last || !details_ || now >= details_due_) {
    details_ = details(last);
    details_due_ = now + kDetailsEvery;
  }
  if (state != LaneState::starting) ++turns_;
  LaneFigures& figures = view_.draft();
  figures.state = state;
  figures.turns = turns_;
  figures.turned_at = now;
  figures.counts = accounting_.read();
  figures.in_flight = ledger_.in_flight();
  figures.inserts.resize(enricher_->inserts());
  for (size_t insert = 0; insert < figures.inserts.size(); ++insert)
    figures.inserts[insert] = {accounting_.read(insert), ledger_.in_flight(insert)};
  figures.lag = lag_;
  figures.lost = source_ ? source_->lost() : 0;
  figures.times = times_;
  figures.last_record_us = last_record_us_;
  figures.last_write_us = last_write_us_;
  figures.phases = phases_.spent();
  const SinkWindow window = stores_.window();
  figures.window_used = window.used;
  figures.window_allowed = window.allowed;
  figures.held_bytes = held_.bytes() + stores_.waiting_bytes() + letters_.waiting_bytes();
  figures.stalled_store = stores_.stalled();
  figures.assigned = assigned_;
  figures.revoked = revoked_;
  figures.rebalances = rebalances_;
  figures.tries = stores_.tries();
  figures.letter_retries = letters_.retries();
  figures.latencies = latencies_;
  figures.batches = batches_;
  figures.flushes = flushes_;
  figures.letters_by_reason = letters_.by_reason();
  figures.details = details_;
  view_.publish();
}

std::shared_ptr<const LaneDetails> Lane::details(bool last) const {
  auto details = std::make_shared<LaneDetails>();
  details->positions = positions_.stored();
  if (source_ != nullptr) {
    for (const Source::PartitionProgress& progress : source_->progress()) {
      const auto stored = details->positions.find(progress.partition);
      const auto index = static_cast<size_t>(progress.partition);
      details->partitions.push_back(
          {.partition = progress.partition,
           .position = stored == details->positions.end() ? -1 : stored->second.next,
           .next = progress.next,
           .end = progress.end,
           .last_record_ms =
               index < last_record_ms_.size() ? last_record_ms_[index] : kNoTimestamp});
    }
    details->source_trouble = source_->trouble();
  }
  details->letters_trouble = letters_.trouble();
  details->store_troubles = stores_.troubles();
  for (const auto& [lookup, found] : enricher_->found())
    details->lookups.push_back({.name = lookup,
                                .hits = found.hits,
                                .misses = found.misses,
                                .most_missed = enricher_->most_missed(lookup, kMostMissedShown)});
  details->rows.assign(recent_rows_.shown().begin(), recent_rows_.shown().end());
  details->letters.assign(letters_.shown().rbegin(), letters_.shown().rend());
  if (last) details->missed_keys = enricher_->missed_keys();
  return details;
}

}  // namespace turntable
