// SQLite's connections and statements: RAII and Result around sqlite3.h. It knows nothing of tables
// and rows.
//
// A connection and its statements are used by one thread at a time. Readers do not block the writer
// nor the writer readers (WAL). Which process may write a file is decided by WriterLock, not by
// SQLite's own locks, so that a second writer is told at once instead of competing for each
// transaction.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/stop.h"
#include "sqlite/random_id.h"

struct sqlite3;
struct sqlite3_stmt;

namespace turntable::sqlite {

// Another program may have locked the file for a moment, which is worth so long a wait.
constexpr Millis kLockWait{5'000};

// The database's own file, and those that SQLite keeps beside it: where the path is a symbolic
// link, beside the file that it leads to.
[[nodiscard]] std::array<std::string, 4> files_of(const std::string& path);
// The file that WriterLock locks.
[[nodiscard]] std::string lock_path_of(const std::string& path);

// The exclusive right to write a file, held by one process at a time: by flock() on the file that
// lock_path_of() names. The kernel gives it back when the process ends, however it ends; the file
// goes when the lock is given back in order.
class WriterLock {
 public:
  // An error of kind failed where another process has it.
  [[nodiscard]] static Result<std::shared_ptr<WriterLock>> take(const std::string& path);
  ~WriterLock();
  // False where somebody has removed the lock's file: another process may have the same right.
  [[nodiscard]] bool held() const;
  [[nodiscard]] const std::string& path() const { return lock_path_; }
  // Another one each time that the lock is taken.
  [[nodiscard]] const std::string& id() const { return id_; }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  WriterLock(std::string lock_path, int fd) : lock_path_(std::move(lock_path)), fd_(fd) {}
  std::string lock_path_;
  int fd_;
  std::string id_ = random_id();
};

// The log is carried over into the file when it has so many pages, mostly of 4 KiB: a page that
// several transactions changed is then written once. By default that is after a thousand, two or
// three transactions of a drain.
inline constexpr int kCheckpointPages = 4'000;

enum class Storage { null, integer, real, text, blob };

// A prepared statement. Bind from 1, columns from 0, as SQLite counts. Views into a row are valid
// until the next step().
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  void bind_null(int index);
  void bind(int index, int64_t value);
  void bind(int index, double value);  // A NaN becomes NULL: SQLite has none.
  // The bytes are not copied: they must outlive the next step().
  void bind_text(int index, std::string_view text);
  void bind_blob(int index, std::string_view bytes);
  void bind_copy(int index, std::string_view text);  // Copies; for short texts.

  // True: a row is there to be read. False: done, and the statement may be bound and stepped again.
  // A value that was bound and cannot be taken (too long) is an error here, of kind row, like a
  // broken constraint.
  [[nodiscard]] Result<bool> step();
  // Makes ready to be bound again. Bindings stay.
  void reset();

  [[nodiscard]] int columns() const;
  [[nodiscard]] std::string column_name(int index) const;
  // As the table declares it; empty for expressions.
  [[nodiscard]] std::string declared_type(int index) const;
  [[nodiscard]] bool read_only() const;

  [[nodiscard]] Storage storage(int index) const;
  [[nodiscard]] int64_t int64(int index) const;
  [[nodiscard]] double real(int index) const;
  [[nodiscard]] std::string_view text(int index) const;  // Of a blob: its bytes.

 private:
  friend class Database;
  Statement(sqlite3* db, sqlite3_stmt* statement, const std::string& path)
      : db_(db), statement_(statement), path_(path) {}
  sqlite3* db_;
  sqlite3_stmt* statement_;
  std::string path_;  // For messages.
  int bind_fault_ = 0;
};

class Database {
 public:
  enum class Mode {
    write,   // Creates the file where it is missing; WAL, every commit is on disk before it is
             // acknowledged.
    memory,  // Nothing but memory; other files can be attached.
  };

  // Errors name the path and the cause: a directory that is missing, a file that is no database, no
  // right to write.
  [[nodiscard]] static Result<Database> open(const std::string& path, Mode mode);

  Database(Database&&) noexcept = default;
  Database& operator=(Database&&) noexcept = default;

  // Runs statements that return nothing.
  [[nodiscard]] Status execute(const std::string& sql);

  // One statement. The fault's place, where SQLite knows it, is its byte in the text.
  struct Fault {
    Error error;
    std::optional<size_t> byte;
  };
  [[nodiscard]] tl::expected<Statement, Fault> prepare_at(std::string_view sql);
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);

  // Makes a file readable under a schema's name. It cannot be written through this connection.
  [[nodiscard]] Status attach_read_only(const std::string& path, const std::string& schema);

  [[nodiscard]] Status
  begin();  // Takes the write lock at once. Of kind transient where somebody else has it.
  [[nodiscard]] Status commit();  // Of kind transient where it may be tried again.
  void rollback();                // Does nothing outside of a transaction.
  [[nodiscard]] bool in_transaction() const;

  // Fails where the file's system cannot have one.
  [[nodiscard]] Status use_write_ahead_log();

  // The paths of the files that SQLite has open, without symbolic links: the database, its log, and
  // the log's index.
  [[nodiscard]] std::vector<std::string> files() const;
  // Whether the database's own path leads to another file than the open one, or nowhere.
  [[nodiscard]] bool moved() const;

  // What the index of the write-ahead log says about it. Nothing where there is none.
  struct LogHead {
    uint32_t frames = 0;  // Committed ones. 0 after all were carried over and the log begins anew.
    uint32_t page_bytes = 0;
    uint64_t salts = 0;  // Of the log's header and of each of the frames.
  };
  [[nodiscard]] std::optional<LogHead> log_head() const;
  // Nothing where the log does not have all of these bytes; an error of kind failed where it cannot
  // be read.
  [[nodiscard]] Result<std::optional<std::string>> read_log(size_t offset, size_t bytes) const;
  // From here on commits do not carry a long log over into the file by themselves:
  // checkpoint_if_due() does, once the log is known to be whole.
  [[nodiscard]] Status checkpoint_by_hand();
  void checkpoint_if_due();
  // A log that is damaged is not carried over at the end, and stays beside the file.
  void leave_log_on_close();

  // How long a call waits for a lock of another connection. 0 from open().
  void set_busy_timeout(Millis timeout);
  // Statements that run when `stop` asks for it fail. It outlives this.
  void give_up_on(const StopToken& stop);

  // An aggregate of one argument: a value by value, then the result. NaN results come as the text
  // 'NaN'.
  struct Number {
    bool integer = false;
    int64_t as_integer = 0;
    double as_real = 0;
  };
  class Aggregate {
   public:
    virtual ~Aggregate() = default;
    virtual void add(
        Number value) = 0;  // NULLs are left out; texts that are no number count as NaN.
    [[nodiscard]] virtual std::optional<Number> result() const = 0;  // Nothing: NULL.
  };
  using MakeAggregate = std::unique_ptr<Aggregate> (*)();
  // Defines the aggregate, or replaces SQLite's own of that name.
  [[nodiscard]] Status define(const std::string& name, MakeAggregate make);

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  Database(std::string path, sqlite3* db) : path_(std::move(path)), db_(db) {}
  std::string path_;
  std::unique_ptr<sqlite3, Close> db_;
};

// 'text' as an SQL literal, "name" as an SQL identifier.
[[nodiscard]] std::string quote_text(std::string_view text);
[[nodiscard]] std::string quote_name(std::string_view name);

}  // namespace turntable::sqlite
