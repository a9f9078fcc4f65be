// Notices that somebody has taken an open database away. Its path, its log or the log's index leads
// to another file than the open one, or nowhere: SQLite writes on into a file without a name, every
// transaction succeeds, and all of it is gone when the process ends. Or its log was cut short
// (log_watch.h). What is written over an open file without SQLite's knowledge, as `cp` does, is
// seen only where the file has become shorter.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/file_id.h"
#include "base/result.h"
#include "sqlite/database.h"
#include "sqlite/log_watch.h"

namespace turntable::sqlite {

class FileWatch {
 public:
  // Of a database in the mode `write` that has been read or written. The path is as it was given:
  // its symbolic links may be changed. An error where one of the files is gone already. From here
  // on the log is carried over by Database::checkpoint_if_due(), after in_place().
  [[nodiscard]] static Result<FileWatch> begin(Database& db, const std::string& path,
                                               std::shared_ptr<const WriterLock> lock);

  // An error that names the file which is not in its place, or was cut short, of kind failed. What
  // has been committed before a call that succeeds was in the right file then.
  [[nodiscard]] Status in_place(const Database& db);

  // Inside a transaction that has changed nothing yet. An error where the file or its log has lost
  // bytes that belong to the database.
  [[nodiscard]] Status whole(Database& db);

  // The same for the log alone. One that is not whole, or cannot be read, must not be carried over
  // into the file.
  [[nodiscard]] bool log_whole(const Database& db) { return log_.whole(db).value_or(false); }

 private:
  [[nodiscard]] Status check_log(const Database& db);

  FileWatch(std::string path, std::shared_ptr<const WriterLock> lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  std::shared_ptr<const WriterLock> lock_;
  std::vector<std::pair<std::string, FileId>> files_;
  LogWatch log_;
  int64_t size_ = 0;  // The largest that it has been, or smaller where it had to be.
};

}  // namespace turntable::sqlite
