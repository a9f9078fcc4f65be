// A cluster for tests: keeps what it is sent until the test says what became of it.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "cassandra/writer.h"
#include "row/row_batch.h"

namespace turntable {

class FakeWriter final : public cassandra::Writer {
 public:
  struct Sent {
    std::string cells;
    size_t rows = 0;
    uint64_t token = 0;
    uint32_t table = 0;
    RowKind kind = RowKind::write;
  };

  // Decides on every request from now on, instead of the test. Nothing stands for success.
  using Answer = std::function<std::optional<Error>(const Sent& sent)>;
  void answer_with(Answer answer) { answer_ = std::move(answer); }

  // What the cluster says when it is asked about its tables, from now on, and of which of them;
  // nothing stands for their being the same. Held back, it says nothing until confirm_now().
  void confirm_with(std::optional<Error> error, uint32_t table = 0) {
    confirmation_ = std::move(error);
    confirmation_table_ = table;
  }
  void hold_confirmations() { holds_confirmations_ = true; }
  void confirm_now() {
    CHECK(asked_);
    Status outcome;
    if (confirmation_) outcome = tl::unexpected<Error>(*confirmation_);
    finished_.push_back({.token = *std::exchange(asked_, std::nullopt),
                         .outcome = std::move(outcome),
                         .table = confirmation_table_});
  }
  [[nodiscard]] bool asked() const { return asked_.has_value(); }
  [[nodiscard]] size_t confirmations() const { return confirmations_; }

  // Requests without an outcome, oldest first, and how many there have ever been.
  [[nodiscard]] const std::deque<Sent>& waiting() const { return waiting_; }
  [[nodiscard]] size_t sent() const { return sent_; }

  // What became of the oldest request.
  void succeed() { finish({}); }
  void fail(ErrorKind kind, const std::string& message = "as the test wants it") {
    finish(tl::unexpected<Error>(Error{kind, message}));
  }
  void overload() {
    finish(tl::unexpected<Error>(Error{ErrorKind::transient, "no answer in time"}), true);
  }

  void submit(uint32_t table, RowKind kind, std::string_view cells, size_t rows,
              uint64_t token) override {
    ++sent_;
    waiting_.push_back({std::string(cells), rows, token, table, kind});
    if (!answer_) return;
    const std::optional<Error> error = answer_(waiting_.back());
    error ? fail(error->kind, error->message) : succeed();
  }
  void confirm(uint64_t token) override {
    CHECK(!asked_);
    ++confirmations_;
    asked_ = token;
    if (!holds_confirmations_) confirm_now();
  }
  [[nodiscard]] std::span<const cassandra::Completion> poll(Millis wait) override {
    last_wait_ = wait;
    reported_ = std::move(finished_);
    finished_.clear();
    return reported_;
  }
  [[nodiscard]] int wait_fd() const override { return -1; }

  // How long the last poll() was asked to wait.
  [[nodiscard]] Millis last_wait() const { return last_wait_; }

 private:
  void finish(Status outcome, bool overloaded = false) {
    finished_.push_back({waiting_.front().token, std::move(outcome), overloaded});
    waiting_.pop_front();
  }

  Answer answer_;
  std::optional<Error> confirmation_;
  uint32_t confirmation_table_ = 0;
  bool holds_confirmations_ = false;
  std::optional<uint64_t> asked_;
  size_t confirmations_ = 0;
  std::deque<Sent> waiting_;
  size_t sent_ = 0;
  std::vector<cassandra::Completion> finished_;
  std::vector<cassandra::Completion> reported_;
  Millis last_wait_{0};
};

// The tickets of rows that were reported, of whichever table, in their order.
inline std::vector<uint64_t> tickets(std::span<const std::vector<Origin>> tables) {
  std::vector<uint64_t> out;
  for (const std::vector<Origin>& origins : tables)
    for (const Origin& origin : origins) out.push_back(origin.ticket);
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace turntable
