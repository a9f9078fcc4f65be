// The thread that writes an SQLite file: it is handed a job, and hands its outcome back. The file
// belongs to it, and a job to whoever has it: both go from hand to hand by a move.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "base/event_fd.h"
#include "base/result.h"
#include "sink/sqlite_file.h"

namespace turntable {

// All calls are those of one thread.
class SqliteWriter {
 public:
  // An error of kind failed where the thread cannot be started.
  [[nodiscard]] static Result<std::unique_ptr<SqliteWriter>> start(
      std::unique_ptr<SqliteFile> file, const std::string& path);
  // Waits for the transaction that runs. A job that was not begun is dropped.
  ~SqliteWriter();

  // One at a time: the one before has been taken back.
  void hand_over(SqliteJob job);
  // The outcome of the job that was handed over, waiting up to `wait` for it.
  [[nodiscard]] std::optional<SqliteOutcome> take_back(Millis wait);
  // Readable while there is an outcome to be taken.
  [[nodiscard]] int outcome_fd() const { return outcome_ready_.fd(); }

 private:
  SqliteWriter(std::unique_ptr<SqliteFile> file, EventFd outcome_ready)
      : file_(std::move(file)), outcome_ready_(std::move(outcome_ready)) {}
  void run();

  std::unique_ptr<SqliteFile> file_;  // The thread's.
  EventFd outcome_ready_;
  std::mutex mutex_;  // Of what follows.
  std::condition_variable changed_;
  std::optional<SqliteJob> job_;
  std::optional<SqliteOutcome> outcome_;
  bool closing_ = false;
  std::thread thread_;  // The last: it uses all of the others.
};

}  // namespace turntable
