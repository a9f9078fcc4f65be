// A sink for tests: keeps rows in memory, and does on demand what real sinks do in bad hours. It
// has as many tables as the batches that it is given, and at least one.
//
// May be corked, uncorked and looked at from another thread than the lane's.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "base/event_fd.h"
#include "sink/sink.h"

namespace turntable {

class FakeSink final : public Sink {
 public:
  // From here on rows are taken and not acknowledged, until uncork().
  void cork() {
    const std::lock_guard lock(mutex_);
    corked_ = true;
    update_fd();
  }
  void uncork() {
    const std::lock_guard lock(mutex_);
    corked_ = false;
    update_fd();
    ready_.notify_all();
  }

  // The next `n` calls of submit() fail, or of reap() by fail_next_reap(). What they were given
  // stays unacknowledged.
  void fail_next(int n, Error error) {
    const std::lock_guard lock(mutex_);
    submit_failures_ = {n, std::move(error)};
  }
  void fail_next_reap(int n, Error error) {
    const std::lock_guard lock(mutex_);
    reap_failures_ = {n, std::move(error)};
  }

  // The next `n` calls of keep_positions() fail, and call this; one thread.
  void fail_next_keep(int n, Error error, std::function<void()> on_failure = {}) {
    keep_failures_ = {n, std::move(error)};
    on_keep_failure_ = std::move(on_failure);
  }

  // Rows for which this says true are refused with the reason, in every table or in this one.
  void refuse_if(std::function<bool(std::string_view row)> predicate,
                 std::string reason = "refused by the test", std::optional<uint32_t> table = {}) {
    const std::lock_guard lock(mutex_);
    refuse_ = std::move(predicate);
    reason_ = std::move(reason);
    refusing_table_ = table;
  }

  // full() is true while as many rows are unacknowledged.
  void set_capacity(size_t rows) {
    const std::lock_guard lock(mutex_);
    capacity_ = rows;
  }

  // From here on only a reap() that may wait reports anything: outcomes take a moment, and rows
  // that come in the meantime find the sink full where its capacity is small. Before the lane runs.
  void take_a_moment() { takes_a_moment_ = true; }

  // What busy() says; the lane's thread, or before it runs.
  void set_busy(bool busy) { busy_ = busy; }
  [[nodiscard]] bool busy() const override { return busy_; }

  // Keeps positions beside its rows from here on.
  void keep_positions_too() { keeps_positions_ = true; }
  [[nodiscard]] bool keeps_positions() const override { return keeps_positions_; }
  void accompany(Accompaniment positions) override { accompanied_.push_back(std::move(positions)); }
  // What each submit() took along that took anything.
  [[nodiscard]] const std::vector<Accompaniment>& accompanied() const { return accompanied_; }

  [[nodiscard]] Status keep_positions(std::span<const Position> positions) override {
    CHECK(keeps_positions_ && !full());
    if (keep_failures_.first > 0) {
      --keep_failures_.first;
      if (on_keep_failure_) on_keep_failure_();
      return tl::unexpected(keep_failures_.second);
    }
    for (const Position& position : positions) kept_[position.partition] = position;
    return {};
  }
  [[nodiscard]] std::optional<Position> kept_position(PartitionId partition) const override {
    const auto found = kept_.find(partition);
    return found == kept_.end() ? std::nullopt : std::optional(found->second);
  }

  // What its rows have from earlier runs; before the lane runs.
  void set_highest_write_time(int64_t us) { highest_write_time_us_ = us; }
  [[nodiscard]] int64_t highest_write_time() const override { return highest_write_time_us_; }

  // Every row of the table that was taken, refused ones left out, in order and as often as it was
  // submitted.
  [[nodiscard]] std::vector<std::string> rows(uint32_t table = 0) const {
    const std::lock_guard lock(mutex_);
    return table < rows_.size() ? rows_[table] : std::vector<std::string>{};
  }
  // The same of deletions.
  [[nodiscard]] std::vector<std::string> deletions(uint32_t table = 0) const {
    const std::lock_guard lock(mutex_);
    return table < deletions_.size() ? deletions_[table] : std::vector<std::string>{};
  }
  [[nodiscard]] uint64_t submits() const {
    const std::lock_guard lock(mutex_);
    return submits_;
  }
  [[nodiscard]] uint64_t acknowledged() const {
    const std::lock_guard lock(mutex_);
    return acknowledged_;
  }

  [[nodiscard]] Status submit(RowBatches& rows) override {
    const std::lock_guard lock(mutex_);
    if (submit_failures_.first > 0) {
      --submit_failures_.first;
      return tl::unexpected(submit_failures_.second);
    }
    CHECK(!full_unlocked());
    ++submits_;
    rows_.resize(std::max(rows_.size(), rows.tables.size()));
    deletions_.resize(rows_.size());
    taken_.resize(rows_.size());
    for (uint32_t table = 0; table < rows.tables.size(); ++table) take(table, rows.tables[table]);
    rows.clear();
    update_fd();
    return {};
  }

  [[nodiscard]] bool full() const override {
    const std::lock_guard lock(mutex_);
    return full_unlocked();
  }

  [[nodiscard]] Result<Acks> reap(Millis wait) override {
    std::unique_lock lock(mutex_);
    if (reap_failures_.first > 0) {
      --reap_failures_.first;
      return tl::unexpected(reap_failures_.second);
    }
    reported_.clear();
    reported_refused_.clear();
    if (corked_ && held() > 0) ready_.wait_for(lock, wait, [this] { return !corked_; });
    if (!corked_ && (!takes_a_moment_ || wait.count() > 0)) {
      reported_.resize(taken_.written.size());
      std::swap(reported_, taken_);
      std::swap(reported_refused_, refused_);
    }
    acknowledged_ += reported_.size() + reported_refused_.size();
    update_fd();
    return Acks{
        .written = reported_.written, .refused = reported_refused_, .deleted = reported_.deleted};
  }

  [[nodiscard]] size_t in_flight() const override {
    const std::lock_guard lock(mutex_);
    return held();
  }
  [[nodiscard]] int wait_fd() const override { return event_.fd(); }
  [[nodiscard]] std::string name() const override { return "the fake"; }

 private:
  [[nodiscard]] size_t held() const { return taken_.size() + refused_.size(); }
  [[nodiscard]] bool full_unlocked() const { return held() >= capacity_; }

  void take(uint32_t table, const RowBatch& rows) {
    const bool may_refuse = refuse_ && refusing_table_.value_or(table) == table;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (may_refuse && refuse_(rows.row(i))) {
        refused_.push_back({rows.origins[i], table, reason_, rows.kind(i)});
      } else {
        taken_.add(table, rows.kind(i), rows.origins[i]);
        (rows.kind(i) == RowKind::write ? rows_ : deletions_)[table].emplace_back(rows.row(i));
      }
    }
  }

  // Readable exactly while reap() has something to report.
  void update_fd() {
    event_.clear();
    if (!corked_ && held() > 0) event_.signal();
  }

  EventFd event_ = std::move(EventFd::open().value());
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  bool corked_ = false;
  bool busy_ = false;
  bool takes_a_moment_ = false;
  size_t capacity_ = ~size_t{0};
  std::pair<int, Error> submit_failures_;
  std::pair<int, Error> reap_failures_;
  std::function<bool(std::string_view)> refuse_;
  std::string reason_;
  std::optional<uint32_t> refusing_table_;
  bool keeps_positions_ = false;
  std::vector<Accompaniment> accompanied_;
  std::map<PartitionId, Position> kept_;
  int64_t highest_write_time_us_ = kNoWriteTime;
  std::pair<int, Error> keep_failures_;
  std::function<void()> on_keep_failure_;
  uint64_t submits_ = 0;
  uint64_t acknowledged_ = 0;
  // By table.
  std::vector<std::vector<std::string>> rows_{1};
  std::vector<std::vector<std::string>> deletions_{1};
  TakenRows taken_{1};
  std::vector<Acks::Refused> refused_;
  TakenRows reported_{1};
  std::vector<Acks::Refused> reported_refused_;
};

}  // namespace turntable
