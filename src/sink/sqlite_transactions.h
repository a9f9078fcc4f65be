// A sink's own count of its transactions, kept in the file by each of them. It tells that an older
// copy of the file was put in its place under the run, as by .restore: the copy's count is lower,
// or it has none.
//
// The table turntable_transactions has a row for each table that is written and each sink that
// writes it, of which a run has one:
//
//   target  the table
//   run     an id of the process that holds the file's lock
//   lane    a random id of the sink
//   number  of the sink's transactions that are in the file
//   write_time  the highest that a row of the target was ever given, in microseconds; NULL: none
//
// The first transaction of a run removes the rows of the runs before it.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "sink/table.h"
#include "sqlite/database.h"

namespace turntable {

class SqliteTransactions {
 public:
  // Makes the table where it is missing. In a file whose rows have write times and whose highest is
  // not kept, those of a version before are looked through. The Database must outlive this.
  [[nodiscard]] static Result<SqliteTransactions> begin(sqlite::Database& db,
                                                        const std::string& path,
                                                        const SinkTable& table,
                                                        const std::string& run);

  // Inside a transaction that has changed nothing yet. An error of kind failed where the file does
  // not have all that were committed.
  [[nodiscard]] Status check();
  // Inside it, with the highest write time of its rows.
  [[nodiscard]] Status write(int64_t write_time_us);
  // After it was committed.
  void committed();

  // The highest of the table's rows; kNoWriteTime where none has one. A row that is to stand over
  // them needs a higher one.
  [[nodiscard]] int64_t highest_write_time() const { return highest_us_; }

 private:
  SqliteTransactions(std::string path, sqlite::Statement read, sqlite::Statement write,
                     sqlite::Statement remove_earlier)
      : path_(std::move(path)),
        read_(std::move(read)),
        write_(std::move(write)),
        remove_earlier_(std::move(remove_earlier)) {}
  Status load(sqlite::Database& db, const SinkTable& table);

  std::string path_;
  sqlite::Statement read_;
  sqlite::Statement write_;
  sqlite::Statement remove_earlier_;
  int64_t number_ = 0;  // Of those that were committed.
  int64_t highest_us_ = kNoWriteTime;
  int64_t next_highest_us_ = kNoWriteTime;  // With the transaction at hand.
};

}  // namespace turntable
