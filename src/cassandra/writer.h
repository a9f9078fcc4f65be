// Rows on their way into one table. The sink sees this and not the session, so that tests can play
// a cluster that fails.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "cassandra/session.h"

namespace turntable::cassandra {

// One thread.
class Writer {
 public:
  virtual ~Writer() = default;

  // Sends rows as one request. Does not wait; the outcome comes from poll() with this token.
  virtual void submit(std::string_view cells, size_t rows, uint64_t token) = 0;

  // Outcomes, waiting up to `wait` for the first. The span is valid until the next call.
  [[nodiscard]] virtual std::span<const Completion> poll(Millis wait) = 0;

  // Readable exactly while poll() has outcomes.
  [[nodiscard]] virtual int wait_fd() const = 0;
};

// Writes through a prepared INSERT.
class SessionWriter final : public Writer {
 public:
  SessionWriter(Session session, Statement statement)
      : session_(std::move(session)), statement_(std::move(statement)) {}

  void submit(std::string_view cells, size_t rows, uint64_t token) override {
    session_.submit(statement_, cells, rows, token);
  }
  [[nodiscard]] std::span<const Completion> poll(Millis wait) override {
    return session_.poll(wait);
  }
  [[nodiscard]] int wait_fd() const override { return session_.wait_fd(); }

 private:
  Session session_;
  Statement statement_;
};

}  // namespace turntable::cassandra
