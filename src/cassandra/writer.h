// Rows on their way into one table. The sink sees this and not the session, so that tests can play
// a cluster that fails.
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

namespace turntable::cassandra {

// One thread.
class Writer {
 public:
  virtual ~Writer() = default;

  // Sends rows as one request. Does not wait; the outcome comes from poll() with this token.
  virtual void submit(std::string_view cells, size_t rows, uint64_t token) = 0;

  // Asks whether the rows whose outcomes poll() has given so far went to the table that the sink
  // has checked. Does not wait; the answer comes from poll() with this token: an error of kind
  // schema says what has become of the table, and any other that it could not be asked. One at a
  // time.
  virtual void confirm(uint64_t token) = 0;

  // Outcomes, waiting up to `wait` for the first. The span is valid until the next call.
  [[nodiscard]] virtual std::span<const Completion> poll(Millis wait) = 0;

  // Readable exactly while poll() has outcomes.
  [[nodiscard]] virtual int wait_fd() const = 0;
};

// Writes through a prepared INSERT.
class SessionWriter final : public Writer {
 public:
  // Decides whether rows for the table that was there at the start may be in this one. Of kind
  // schema where not.
  using Judge = std::function<Status(const Table& now)>;

  SessionWriter(Session session, Statement statement, std::vector<std::string> questions,
                Judge judge)
      : session_(std::move(session)),
        statement_(std::move(statement)),
        questions_(std::move(questions)),
        judge_(std::move(judge)) {}

  void submit(std::string_view cells, size_t rows, uint64_t token) override {
    session_.submit(statement_, cells, rows, token);
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
      if (completion.outcome) completion.outcome = judge(completion.answer);
    }
    return completions;
  }
  [[nodiscard]] int wait_fd() const override { return session_.wait_fd(); }

 private:
  // Mostly the nodes say what they said the last time.
  Status judge(const Page& answers) {
    if (answers.cells == accepted_) return {};
    for (const Table& table : tables_of(answers)) RETURN_IF_ERROR(judge_(table));
    accepted_ = answers.cells;
    return {};
  }

  Session session_;
  Statement statement_;
  const std::vector<std::string> questions_;
  const Judge judge_;
  std::optional<uint64_t> asked_;
  std::string accepted_;
};

}  // namespace turntable::cassandra
