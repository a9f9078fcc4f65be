#include "sqlite/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <utility>

namespace turntable::sqlite {
namespace {

// A connection is used by one thread at a time: SQLite need not lock it for each call.
constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;

// While a file is being opened SQLite calls a full disk a failed read or write. Where the file that
// goes with the log has no room to grow it does not even keep the system's error, at any time.
bool disk_is_full(sqlite3* db, int code) {
  if (code == SQLITE_IOERR_SHMSIZE) return true;
  const int kind = code & 0xff;
  if (kind != SQLITE_IOERR && kind != SQLITE_CANTOPEN) return kind == SQLITE_FULL;
  const int system_error = db == nullptr ? 0 : sqlite3_system_errno(db);
  return system_error == ENOSPC || system_error == EDQUOT;
}

// The one place that decides what an SQLite code means for the one who retries.
ErrorKind kind_of(sqlite3* db, int code) {
  if (disk_is_full(db, code)) return ErrorKind::transient;
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorKind::transient;
    case SQLITE_TOOBIG:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      return ErrorKind::row;
    case SQLITE_INTERRUPT:
      return ErrorKind::interrupted;
    default:
      return ErrorKind::failed;
  }
}

// What an operator can do about the code; SQLite's own words where they say it already.
std::string cause(sqlite3* db, int code) {
  if (disk_is_full(db, code)) return "the disk is full";
  const int system_error = db == nullptr ? 0 : sqlite3_system_errno(db);
  const std::string os = system_error == 0 ? "" : fmt::format(" ({})", std::strerror(system_error));
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "it is locked by another program";
    case SQLITE_NOTADB:
      return "it is not an SQLite database";
    case SQLITE_CORRUPT:
      return "the file is damaged";
    case SQLITE_READONLY:
      return "it cannot be written: check its permissions and its directory's";
    case SQLITE_CANTOPEN:
      return "it cannot be opened" + os;
    case SQLITE_IOERR:
      return "reading or writing it failed" + os;
    default:
      return db == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(db);
  }
}

Error error_of(sqlite3* db, int code, const std::string& path) {
  return {kind_of(db, code), fmt::format("{}: {}", path, cause(db, code))};
}

// Why a file cannot be there, which SQLite only calls "unable to open database file".
std::optional<std::string> path_fault(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path parent = fs::path(path).parent_path();
  if (path.empty()) return "the path of the database is empty";
  if (!parent.empty() && !fs::is_directory(parent, ignored)) {
    return fmt::format("{}: the directory {} does not exist: create it first", path,
                       parent.string());
  }
  if (fs::is_directory(path, ignored)) return path + ": it is a directory, not a file";
  return std::nullopt;
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : db_(other.db_),
      statement_(std::exchange(other.statement_, nullptr)),
      path_(std::move(other.path_)),
      bind_fault_(other.bind_fault_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(db_, other.db_);
  std::swap(statement_, other.statement_);
  std::swap(path_, other.path_);
  std::swap(bind_fault_, other.bind_fault_);
  return *this;
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

void Statement::bind_null(int index) {
  const int code = sqlite3_bind_null(statement_, index);
  if (code != SQLITE_OK) bind_fault_ = code;
}

void Statement::bind(int index, int64_t value) {
  const int code = sqlite3_bind_int64(statement_, index, value);
  if (code != SQLITE_OK) bind_fault_ = code;
}

void Statement::bind(int index, double value) {
  const int code = sqlite3_bind_double(statement_, index, value);
  if (code != SQLITE_OK) bind_fault_ = code;
}

void Statement::bind_text(int index, std::string_view text) {
  // A null pointer would bind NULL instead of the empty text.
  const char* data = text.empty() ? "" : text.data();
  const int code =
      sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) bind_fault_ = code;
}

void Statement::bind_blob(int index, std::string_view bytes) {
  const char* data = bytes.empty() ? "" : bytes.data();
  const int code = sqlite3_bind_blob64(statement_, index, data, bytes.size(), SQLITE_STATIC);
  if (code != SQLITE_OK) bind_fault_ = code;
}

void Statement::bind_copy(int index, std::string_view text) {
  const int code = sqlite3_bind_text64(statement_, index, text.empty() ? "" : text.data(),
                                       text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) bind_fault_ = code;
}

Result<bool> Statement::step() {
  if (bind_fault_ != 0) {
    const int code = std::exchange(bind_fault_, 0);
    return tl::unexpected(
        Error{kind_of(nullptr, code), fmt::format("{}: {}", path_, sqlite3_errstr(code))});
  }
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_);
    return false;
  }
  Error error = error_of(db_, sqlite3_extended_errcode(db_), path_);
  sqlite3_reset(statement_);
  return tl::unexpected(std::move(error));
}

void Statement::reset() {
  sqlite3_reset(statement_);
}
int Statement::columns() const {
  return sqlite3_column_count(statement_);
}
bool Statement::read_only() const {
  return sqlite3_stmt_readonly(statement_) != 0;
}

std::string Statement::column_name(int index) const {
  const char* name = sqlite3_column_name(statement_, index);
  return name == nullptr ? "" : name;
}

std::string Statement::declared_type(int index) const {
  const char* type = sqlite3_column_decltype(statement_, index);
  return type == nullptr ? "" : type;
}

Storage Statement::storage(int index) const {
  switch (sqlite3_column_type(statement_, index)) {
    case SQLITE_INTEGER:
      return Storage::integer;
    case SQLITE_FLOAT:
      return Storage::real;
    case SQLITE_TEXT:
      return Storage::text;
    case SQLITE_BLOB:
      return Storage::blob;
    default:
      return Storage::null;
  }
}

int64_t Statement::int64(int index) const {
  return sqlite3_column_int64(statement_, index);
}
double Statement::real(int index) const {
  return sqlite3_column_double(statement_, index);
}

std::string_view Statement::text(int index) const {
  const void* data = sqlite3_column_blob(statement_, index);
  const int size = sqlite3_column_bytes(statement_, index);
  return data == nullptr
             ? std::string_view()
             : std::string_view(static_cast<const char*>(data), static_cast<size_t>(size));
}

void Database::Close::operator()(sqlite3* db) const {
  sqlite3_close_v2(db);
}

Result<Database> Database::open(const std::string& path, Mode mode) {
  sqlite3* raw = nullptr;
  if (mode == Mode::memory) {
    const int opened = sqlite3_open_v2(":memory:", &raw, kFlags | SQLITE_OPEN_URI, nullptr);
    Database db("SQLite", raw);
    if (opened != SQLITE_OK) return tl::unexpected(error_of(raw, opened, db.path_));
    sqlite3_extended_result_codes(raw, 1);  // Of files that are attached, too.
    return db;
  }
  if (auto fault = path_fault(path)) return fail(ErrorKind::failed, *fault);
  const int opened = sqlite3_open_v2(path.c_str(), &raw, kFlags | SQLITE_OPEN_CREATE, nullptr);
  Database db(path, raw);
  if (opened != SQLITE_OK) return tl::unexpected(error_of(raw, opened, path));
  sqlite3_extended_result_codes(raw, 1);
  // A program that reads the file at this moment may hold up the change to WAL; it is worth a short
  // wait.
  db.set_busy_timeout(Millis(2'000));
  RETURN_IF_ERROR(db.use_write_ahead_log());
  // With WAL, NORMAL would lose the last commits in a power cut, after Kafka was told that they are
  // written.
  RETURN_IF_ERROR(db.execute("PRAGMA synchronous = FULL"));
  RETURN_IF_ERROR(db.execute(fmt::format("PRAGMA wal_autocheckpoint = {}", kCheckpointPages)));
  db.set_busy_timeout(Millis(0));
  return db;
}

// Where a file system cannot have it, SQLite says so in its answer and not as an error.
Status Database::use_write_ahead_log() {
  ASSIGN_OR_RETURN(Statement pragma, prepare("PRAGMA journal_mode = WAL"));
  ASSIGN_OR_RETURN(const bool answered, pragma.step());
  const std::string mode = answered ? std::string(pragma.text(0)) : "";
  pragma.reset();
  if (mode == "wal") return {};
  return fail(ErrorKind::failed,
              fmt::format("{}: SQLite cannot keep a write-ahead log there, its journal mode is "
                          "'{}': use a local file system",
                          path_, mode));
}

Status Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return tl::unexpected(error_of(db_.get(), code, path_));
  return {};
}

tl::expected<Statement, Database::Fault> Database::prepare_at(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) {
    const int byte = sqlite3_error_offset(db_.get());
    Fault fault{error_of(db_.get(), code, path_), std::nullopt};
    if (byte >= 0) fault.byte = static_cast<size_t>(byte);
    return tl::unexpected(std::move(fault));
  }
  if (statement == nullptr) {
    return tl::unexpected(
        Fault{{ErrorKind::failed, path_ + ": the statement is empty"}, std::nullopt});
  }
  return Statement(db_.get(), statement, path_);
}

Result<Statement> Database::prepare(std::string_view sql) {
  auto statement = prepare_at(sql);
  if (!statement) return tl::unexpected(std::move(statement.error().error));
  return std::move(*statement);
}

Status Database::attach_read_only(const std::string& path, const std::string& schema) {
  if (auto fault = path_fault(path)) return fail(ErrorKind::failed, *fault);
  if (std::error_code ignored; !std::filesystem::exists(path, ignored)) {
    return fail(ErrorKind::failed, path + ": there is no such file");
  }
  // In an SQLite URI, %, ? and # of the path need escaping.
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      uri += fmt::format("%{:02X}", static_cast<unsigned>(c));
    } else {
      uri.push_back(c);
    }
  }
  const std::string sql =
      fmt::format("ATTACH {} AS {}", quote_text(uri + "?mode=ro"), quote_name(schema));
  const int attached = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (attached != SQLITE_OK) return tl::unexpected(error_of(db_.get(), attached, path));
  // The header is read at first use only; what is no database is better said here, with its path.
  const std::string probe =
      fmt::format("SELECT 1 FROM {}.sqlite_master LIMIT 1", quote_name(schema));
  const int read = sqlite3_exec(db_.get(), probe.c_str(), nullptr, nullptr, nullptr);
  if (read != SQLITE_OK) return tl::unexpected(error_of(db_.get(), read, path));
  return {};
}

Status Database::begin() {
  return execute("BEGIN IMMEDIATE");
}
Status Database::commit() {
  return execute("COMMIT");
}
bool Database::in_transaction() const {
  return sqlite3_get_autocommit(db_.get()) == 0;
}

void Database::rollback() {
  // After some errors (a full disk) SQLite has rolled back already.
  if (in_transaction()) sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

std::vector<std::string> Database::files() const {
  const char* name = sqlite3_db_filename(db_.get(), "main");
  // Nothing but memory has no name.
  if (name == nullptr || *name == '\0') return {};
  return {name, sqlite3_filename_wal(name), std::string(name) + "-shm"};
}

bool Database::moved() const {
  int answer = 0;
  const int code = sqlite3_file_control(db_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &answer);
  return code == SQLITE_OK && answer != 0;
}

void Database::set_busy_timeout(Millis timeout) {
  sqlite3_busy_timeout(db_.get(), static_cast<int>(timeout.count()));
}

void Database::give_up_on(const StopToken& stop) {
  constexpr int kInstructions = 10'000;  // Fractions of a millisecond.
  sqlite3_progress_handler(
      db_.get(), kInstructions,
      [](void* token) { return static_cast<const StopToken*>(token)->requested() ? 1 : 0; },
      const_cast<StopToken*>(&stop));
}

namespace {

// SQLite keeps one pointer of ours per group of rows.
struct AggregateSlot {
  Database::Aggregate* aggregate;
};

AggregateSlot* slot_of(sqlite3_context* context, int size) {
  return static_cast<AggregateSlot*>(sqlite3_aggregate_context(context, size));
}

Database::Aggregate* aggregate_of(sqlite3_context* context, AggregateSlot* slot) {
  if (slot->aggregate == nullptr) {
    const auto make = reinterpret_cast<Database::MakeAggregate>(sqlite3_user_data(context));
    slot->aggregate = make().release();
  }
  return slot->aggregate;
}

void aggregate_step(sqlite3_context* context, int, sqlite3_value** values) {
  AggregateSlot* slot = slot_of(context, sizeof(AggregateSlot));
  if (slot == nullptr) return sqlite3_result_error_nomem(context);
  Database::Aggregate* aggregate = aggregate_of(context, slot);
  switch (sqlite3_value_type(values[0])) {
    case SQLITE_NULL:
      return;
    case SQLITE_INTEGER: {
      const int64_t value = sqlite3_value_int64(values[0]);
      return aggregate->add({true, value, static_cast<double>(value)});
    }
    case SQLITE_FLOAT:
      return aggregate->add({false, 0, sqlite3_value_double(values[0])});
    default:
      return aggregate->add({false, 0, std::nan("")});
  }
}

void aggregate_final(sqlite3_context* context) {
  AggregateSlot empty{nullptr};
  AggregateSlot* slot = slot_of(context, 0);
  if (slot == nullptr) slot = &empty;  // No row came.
  const std::unique_ptr<Database::Aggregate> aggregate(aggregate_of(context, slot));
  slot->aggregate = nullptr;
  const std::optional<Database::Number> result = aggregate->result();
  if (!result) return sqlite3_result_null(context);
  if (result->integer) return sqlite3_result_int64(context, result->as_integer);
  if (std::isnan(result->as_real)) return sqlite3_result_text(context, "NaN", 3, SQLITE_STATIC);
  sqlite3_result_double(context, result->as_real);
}

}  // namespace

Status Database::define(const std::string& name, MakeAggregate make) {
  const int code = sqlite3_create_function_v2(
      db_.get(), name.c_str(), 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, reinterpret_cast<void*>(make),
      nullptr, aggregate_step, aggregate_final, nullptr);
  if (code != SQLITE_OK) return tl::unexpected(error_of(db_.get(), code, path_));
  return {};
}

namespace {
std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out.push_back(c);
    out.push_back(c);
  }
  out.push_back(quote);
  return out;
}
}  // namespace

std::string quote_text(std::string_view text) {
  return quoted(text, '\'');
}
std::string quote_name(std::string_view name) {
  return quoted(name, '"');
}

}  // namespace turntable::sqlite
