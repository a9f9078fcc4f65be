#include "query/sqlite_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include "base/text.h"
#include "query/sqlite_columns.h"
#include "query/sqlite_times.h"
#include "row/cell.h"
#include "sink/cql_type.h"
#include "sqlite/composite_json.h"
#include "sqlite/values.h"

namespace turntable {
namespace {

constexpr size_t kPageBytes = size_t{4} << 20;

// Sums as Cassandra's avg and sum do, compensation and all, so that the last digit is the same.
// Integers stay integers, and averages of integers are cut; of nothing both are 0.
class CassandraSum : public sqlite::Database::Aggregate {
 public:
  explicit CassandraSum(bool average) : average_(average) {}

  void add(sqlite::Database::Number value) override {
    ++count_;
    integers_ = integers_ && value.integer;
    integer_sum_ = static_cast<int64_t>(static_cast<uint64_t>(integer_sum_) +
                                        static_cast<uint64_t>(value.as_integer));
    simple_sum_ += value.as_real;
    const double corrected = value.as_real - compensation_;
    const double sum = sum_ + corrected;
    compensation_ = (sum - sum_) - corrected;
    sum_ = sum;
  }

  std::optional<sqlite::Database::Number> result() const override {
    if (count_ == 0) return sqlite::Database::Number{.integer = true};
    if (integers_)
      return sqlite::Database::Number{
          .integer = true, .as_integer = average_ ? integer_sum_ / count_ : integer_sum_};
    double sum = sum_ + compensation_;
    if (std::isnan(sum) && std::isinf(simple_sum_)) sum = simple_sum_;
    return sqlite::Database::Number{.as_real = average_ ? sum / static_cast<double>(count_) : sum};
  }

 private:
  bool average_;
  int64_t count_ = 0;
  bool integers_ = true;
  int64_t integer_sum_ = 0;
  double sum_ = 0;
  double compensation_ = 0;
  double simple_sum_ = 0;
};

// The type of what is computed, by the values of its first rows.
class SeenValues {
 public:
  void add(sqlite::Storage storage) { seen_[static_cast<size_t>(storage)] = true; }

  [[nodiscard]] Type type() const {
    const bool integers = seen(sqlite::Storage::integer);
    const bool reals = seen(sqlite::Storage::real);
    const bool blobs = seen(sqlite::Storage::blob);
    const bool numbers = integers || reals;
    if (seen(sqlite::Storage::text) || (numbers && blobs) || (!numbers && !blobs))
      return Type::text;  // Which can show anything, and NULL alone.
    if (blobs) return Type::bytes;
    return reals ? Type::float64 : Type::int64;
  }

 private:
  [[nodiscard]] bool seen(sqlite::Storage storage) const {
    return seen_[static_cast<size_t>(storage)];
  }
  std::array<bool, 5> seen_{};  // By Storage.
};

// A result that is larger is not read twice as a whole.
constexpr size_t kRowsLookedAt = 100'000;

// Gives the columns that are computed their types, and leaves the statement at its first row, if
// there is one.
Result<bool> find_types(sqlite::Statement& statement, std::vector<SqliteColumn>& columns) {
  const auto computed = [](const SqliteColumn& column) { return !column.type; };
  const bool any = std::any_of(columns.begin(), columns.end(), computed);
  std::vector<SeenValues> seen(columns.size());
  ASSIGN_OR_RETURN(bool more, statement.step());
  if (!any) return more;
  for (size_t rows = 0; more && rows < kRowsLookedAt; ++rows) {
    for (size_t i = 0; i < columns.size(); ++i) seen[i].add(statement.storage(columns[i].index));
    ASSIGN_OR_RETURN(more, statement.step());
  }
  for (size_t i = 0; i < columns.size(); ++i)
    if (!columns[i].type) columns[i].type = seen[i].type();
  statement.reset();
  return statement.step();
}

std::string shown_type(Type type);

std::string shown_type(const CompositeType& type) {
  std::string text = "udt<";
  for (const ColumnDef& field : type.fields)
    text += fmt::format(
        "{}{}: {}", text.size() == 4 ? "" : ", ", sqlite::quote_name(field.name),
        field.composite == nullptr ? shown_type(field.type) : shown_type(*field.composite));
  return text + ">";
}

// The type as sink/cql_type.h reads it.
std::string shown_type(Type type) {
  if (is_array(type)) return fmt::format("list<{}>", shown_type(element_of(type)));
  switch (type) {
    case Type::timestamptz:
      return std::string(sqlite::kMicrosTypeName);
    case Type::timestamp:
      return std::string(sqlite::kLocalTypeName);
    case Type::interval:
      return "interval";
    default:
      return std::string(cql_name(type));
  }
}

class SqliteStream final : public RowStream {
 public:
  // `row_is_there`: the statement's first row has been stepped to.
  SqliteStream(sqlite::Statement statement, std::vector<SqliteColumn> columns,
               std::vector<bool> computed, bool row_is_there, uint32_t page_rows)
      : statement_(std::move(statement)),
        columns_(std::move(columns)),
        computed_(std::move(computed)),
        row_is_there_(row_is_there),
        page_rows_(page_rows) {
    for (const SqliteColumn& column : columns_) {
      result_columns_.push_back({column.name, column.composite == nullptr
                                                  ? shown_type(*column.type)
                                                  : shown_type(*column.composite)});
    }
  }

  const std::vector<ResultColumn>& columns() const override { return result_columns_; }

  Result<std::optional<ResultPage>> next_page() override {
    cells_.clear();
    size_t rows = 0;
    while (row_is_there_ && rows < page_rows_ && cells_.size() < kPageBytes) {
      for (size_t i = 0; i < columns_.size(); ++i) RETURN_IF_ERROR(append(i));
      ++rows;
      ASSIGN_OR_RETURN(row_is_there_, statement_.step());
    }
    if (rows == 0) return std::nullopt;
    return ResultPage{.cells = cells_, .rows = rows};
  }

 private:
  Status append(size_t i) {
    const SqliteColumn& column = columns_[i];
    if (column.composite != nullptr && append_composite(column)) return {};
    if (sqlite::append_value_cell(cells_, statement_, column.index, *column.type, column.kept))
      return {};
    // Texts can show whatever comes later, or came among others.
    if (computed_[i] && *column.type == Type::text) {
      append_view_cell(cells_, statement_.text(column.index));
      return {};
    }
    return fail(ErrorKind::failed,
                fmt::format("column {} has the value '{}', which is no {}", column.name,
                            printable(statement_.text(column.index)), cql_name(*column.type)));
  }

  bool append_composite(const SqliteColumn& column) {
    if (statement_.storage(column.index) != sqlite::Storage::text) return false;
    const auto value =
        sqlite::composite_from_json(statement_.text(column.index), *column.composite);
    if (value) append_view_cell(cells_, *value);
    return value.has_value();
  }

  sqlite::Statement statement_;
  std::vector<SqliteColumn> columns_;
  std::vector<bool> computed_;
  std::vector<ResultColumn> result_columns_;
  bool row_is_there_;
  uint32_t page_rows_;
  std::string cells_;
};

// Cassandra's word for "I know that this reads everything" means nothing here. It is the last of a
// statement, so that places before it stay.
std::string without_allow_filtering(std::string text) {
  const auto tokens = tokens_of(text);
  if (tokens.size() < 2 || !tokens.back().is("filtering") || !tokens[tokens.size() - 2].is("allow"))
    return text;
  const size_t begin = tokens[tokens.size() - 2].begin;
  return text.substr(0, begin);
}

// Where the file remembers none, its tables are found without.
constexpr const char* kNoKeyspace = "file";

Result<std::string> remembered_keyspace(sqlite::Database& db, const std::string& path) {
  RETURN_IF_ERROR(db.attach_read_only(path, "turntable_file"));
  std::string keyspace;
  {
    auto select =
        db.prepare("SELECT value FROM turntable_file.turntable_meta WHERE key = 'keyspace'");
    if (select) {
      ASSIGN_OR_RETURN(const bool found, select->step());
      if (found) keyspace = select->text(0);
    }
  }
  RETURN_IF_ERROR(db.execute("DETACH turntable_file"));
  return keyspace.empty() ? kNoKeyspace : keyspace;
}

}  // namespace

Result<std::unique_ptr<RowStore>> SqliteStore::open(const std::string& path, std::string keyspace,
                                                    uint32_t page_rows, const StopToken& stop) {
  // The command line's fault, as a missing file of statements is.
  if (std::error_code ignored; !std::filesystem::exists(path, ignored))
    return fail(ErrorKind::usage, path + ": there is no such file");
  ASSIGN_OR_RETURN(sqlite::Database db, sqlite::Database::open("", sqlite::Database::Mode::memory));
  if (keyspace.empty()) {
    ASSIGN_OR_RETURN(keyspace, remembered_keyspace(db, path));
  }
  RETURN_IF_ERROR(db.attach_read_only(path, keyspace));
  using Aggregate = std::unique_ptr<sqlite::Database::Aggregate>;
  RETURN_IF_ERROR(
      db.define("avg", []() -> Aggregate { return std::make_unique<CassandraSum>(true); }));
  RETURN_IF_ERROR(
      db.define("sum", []() -> Aggregate { return std::make_unique<CassandraSum>(false); }));
  // A run that writes the file holds nobody up for longer than a moment.
  db.set_busy_timeout(sqlite::kLockWait);
  db.give_up_on(stop);
  return std::unique_ptr<RowStore>(new SqliteStore(std::move(db), std::move(keyspace), page_rows));
}

StoreFault SqliteStore::explain(sqlite::Database::Fault fault, const CqlStatement& statement,
                                const FieldNames& names) {
  StoreFault out{std::move(fault.error), std::nullopt};
  if (fault.byte) out.at = statement.place_of(names.written_at(*fault.byte));
  if (out.error.message.find("no such table") == std::string::npos) return out;
  auto tables = db_.prepare(fmt::format(
      "SELECT group_concat(name, ', ') FROM {}.sqlite_master WHERE type IN ('table', 'view') "
      "AND name NOT LIKE 'turntable\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
      sqlite::quote_name(keyspace_)));
  if (!tables) return out;
  if (const auto row = tables->step(); row && *row)
    out.error.message +=
        keyspace_ == kNoKeyspace
            ? fmt::format(
                  "; the file remembers no keyspace (--keyspace gives it one), its tables: {}",
                  tables->text(0))
            : fmt::format("; the file's keyspace is {}, its tables: {}", keyspace_,
                          tables->text(0));
  return out;
}

tl::expected<std::unique_ptr<RowStream>, StoreFault> SqliteStore::run(
    const CqlStatement& statement) {
  const FieldNames names =
      with_field_columns(db_, keyspace_, without_allow_filtering(statement.text));
  const std::string& text = names.text;
  const auto fault_at = [&](std::string message, size_t byte) {
    return tl::unexpected(StoreFault{{ErrorKind::usage, std::move(message)},
                                     statement.place_of(names.written_at(byte))});
  };
  const auto written = with_kept_times(db_, text);
  if (!written) {
    // Where a table is missing, or the syntax is wrong, no name can be known, and SQLite says why.
    if (auto known = db_.prepare_at(text); !known && written.error().unknown_name)
      return tl::unexpected(explain(std::move(known.error()), statement, names));
    return fault_at(written.error().message, written.error().byte);
  }
  auto prepared = db_.prepare(in_key_order(db_, *written, keyspace_));
  if (!prepared) prepared = db_.prepare(*written);
  if (!prepared) {
    // The places of a fault are those of the statement as it stands. It is only prepared: its times
    // are not as the file keeps them, so that its rows would be wrong.
    auto as_it_stands = db_.prepare_at(text);
    return tl::unexpected(as_it_stands
                              ? StoreFault{std::move(prepared.error()), statement.at}
                              : explain(std::move(as_it_stands.error()), statement, names));
  }
  if (!prepared->read_only() || prepared->columns() == 0) {
    return tl::unexpected(StoreFault{
        {ErrorKind::usage, "an SQLite file can only be read by a query: expected SELECT"},
        statement.at});
  }
  std::vector<SqliteColumn> columns = columns_of(db_, *prepared, text, keyspace_);
  std::vector<bool> computed;
  for (const SqliteColumn& column : columns) computed.push_back(!column.type);
  auto first = find_types(*prepared, columns);
  if (!first) return tl::unexpected(StoreFault{std::move(first.error()), std::nullopt});
  return std::make_unique<SqliteStream>(std::move(*prepared), std::move(columns),
                                        std::move(computed), *first, page_rows_);
}

}  // namespace turntable
