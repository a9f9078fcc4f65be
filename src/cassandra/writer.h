// Rows on their way into the tables of one cluster. The sink sees this and not the session, so that
// tests can play a cluster that fails.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "cassandra/schema.h"
#include "cassandra/session.h"
#include "row/row_batch.h"

namespace turntable::cassandra {

// One thread.
class Writer {
 public:
  virtual ~Writer() = default;

  // Sends rows of the table with this number as one request. Does not wait; the outcome comes from
  // poll() with this token. Of deletions the cells are the write time, then the key.
  virtual void submit(uint32_t table, RowKind kind, std::string_view cells, size_t rows,
                      uint64_t token) = 0;

  // Asks whether the rows whose outcomes poll() has given so far went to the tables that the sink
  // has checked. Does not wait; the answer comes from poll() with this token and is about all
  // tables: an error of kind schema says what has become of Completion::table, and any other that
  // they could not be asked. One at a time.
  virtual void confirm(uint64_t token) = 0;

  // Outcomes, waiting up to `wait` for the first. The span is valid until the next call.
  [[nodiscard]] virtual std::span<const Completion> poll(Millis wait) = 0;

  // Readable exactly while poll() has outcomes.
  [[nodiscard]] virtual int wait_fd() const = 0;
};

// Writes through a prepared INSERT for each table, and a DELETE where rows of it may be deleted.
class SessionWriter final : public Writer {
 public:
  struct WrittenTable {
    Statement insert;
    std::optional<Statement> remove;
    std::vector<std::string> questions;  // table_questions()
    // Decides whether rows for the table that was there at the start may be in this one. Of kind
    // schema where not.
    std::function<Status(const Table& now)> judge;
  };

  // The tables by their number; at least one.
  SessionWriter(Session session, std::vector<WrittenTable> tables)
      : session_(std::move(session)), tables_(std::move(tables)) {
    for (const WrittenTable& table : tables_)
      questions_.insert(questions_.end(), table.questions.begin(), table.questions.end());
  }

  void submit(uint32_t table, RowKind kind, std::string_view cells, size_t rows,
              uint64_t token) override {
    const WrittenTable& to = tables_[table];
    session_.submit(kind == RowKind::write ? to.insert : to.remove.value(), cells, rows, token);
  }
  void confirm(uint64_t token) override {
    asked_ = token;
    session_.ask(questions_, token);
  }
  [[nodiscard]] std::span<const Completion> poll(Millis wait) override {
    const std::span<Completion> completions = session_.poll(wait);
    for (Completion& completion : completions) {
      if (completion.token != asked_) continue;
      asked_.reset();
      if (completion.outcome) judge(completion);
    }
    return completions;
  }
  [[nodiscard]] int wait_fd() const override { return session_.wait_fd(); }

 private:
  // Mostly the nodes say what they said the last time.
  void judge(Completion& completion) {
    const Page& answers = completion.answer;
    if (answers.cells == accepted_) return;
    for (const std::vector<Table>& answer : tables_of(answers, tables_.size())) {
      for (uint32_t table = 0; table < tables_.size(); ++table) {
        completion.outcome = tables_[table].judge(answer[table]);
        completion.table = table;
        if (!completion.outcome) return;
      }
    }
    accepted_ = answers.cells;
  }

  Session session_;
  const std::vector<WrittenTable> tables_;
  std::vector<std::string> questions_;  // About all tables.
  std::optional<uint64_t> asked_;
  std::string accepted_;
};

}  // namespace turntable::cassandra
