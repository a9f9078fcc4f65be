#include "sink/sqlite_writer.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "base/check.h"

namespace turntable {

Result<std::unique_ptr<SqliteWriter>> SqliteWriter::start(std::unique_ptr<SqliteFile> file,
                                                          const std::string& path) {
  ASSIGN_OR_RETURN(EventFd outcome_ready, EventFd::open());
  std::unique_ptr<SqliteWriter> writer(
      new SqliteWriter(std::move(file), std::move(outcome_ready)));
  try {
    writer->thread_ = std::thread([writer = writer.get()] { writer->run(); });
  } catch (const std::system_error& error) {
    return fail(ErrorKind::failed, fmt::format("{}: a thread that writes it cannot be started: {}",
                                               path, error.what()));
  }
  return writer;
}

SqliteWriter::~SqliteWriter() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void SqliteWriter::hand_over(SqliteJob job) {
  {
    const std::lock_guard lock(mutex_);
    CHECK(!job_ && !outcome_);
    job_ = std::move(job);
  }
  changed_.notify_all();
}

std::optional<SqliteOutcome> SqliteWriter::take_back(Millis wait) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, wait, [this] { return outcome_.has_value(); })) return std::nullopt;
  outcome_ready_.clear();
  return std::exchange(outcome_, std::nullopt);
}

void SqliteWriter::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return closing_ || job_.has_value(); });
    if (closing_) return;
    SqliteJob job = *std::exchange(job_, std::nullopt);
    lock.unlock();
    SqliteOutcome outcome = file_->write(std::move(job));
    lock.lock();
    outcome_ = std::move(outcome);
    outcome_ready_.signal();
    changed_.notify_all();
  }
}

}  // namespace turntable
