#include "catalogue/csv_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <utility>

#include "base/parallel.h"
#include "base/text.h"

namespace turntable {
namespace {

using SteadyClock = std::chrono::steady_clock;

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

template <class T>
void copy_value(const Column& from, size_t row, Column& to, size_t at) {
  to.set(at, from.get<T>(row));
}

// Texts are views in both.
void copy(const Column& from, size_t row, Column& to, size_t at) {
  if (from.is_null(row)) return to.set_null(at);
  switch (from.type()) {
    case Type::boolean:
      return copy_value<uint8_t>(from, row, to, at);
    case Type::int32:
      return copy_value<int32_t>(from, row, to, at);
    case Type::int64:
    case Type::timestamp:
      return copy_value<int64_t>(from, row, to, at);
    case Type::float32:
      return copy_value<float>(from, row, to, at);
    case Type::float64:
      return copy_value<double>(from, row, to, at);
    default:
      return copy_value<std::string_view>(from, row, to, at);
  }
}

std::string key_text(const Column& keys, size_t row) {
  switch (keys.type()) {
    case Type::int32:
      return std::to_string(keys.get<int32_t>(row));
    case Type::int64:
      return std::to_string(keys.get<int64_t>(row));
    default:
      return quoted(keys.get<std::string_view>(row));
  }
}

void add(LoadReport::Noted& sum, const LoadReport::Noted& part) {
  for (size_t i = 0; i < part.count; ++i) note(sum, [&] { return part.first[i]; });
}

// Lets threads do something one after another, in the order of their numbers from 0.
class Turns {
 public:
  void await(size_t number) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return next_ == number; });
  }
  void pass() {
    const std::scoped_lock lock(mutex_);
    ++next_;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t next_ = 0;
};

// A thread's turn, which is passed on at the end whatever comes before it.
class Turn {
 public:
  Turn(Turns& turns, size_t number) : turns_(turns), number_(number) {}
  ~Turn() {
    turns_.await(number_);
    turns_.pass();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  void await() { turns_.await(number_); }

 private:
  Turns& turns_;
  size_t number_;
};

class CsvCatalogue final : public Catalogue {
 public:
  explicit CsvCatalogue(CsvTable table) : table_(std::move(table)) {}

  [[nodiscard]] const Schema& schema() const override { return table_.schema; }
  [[nodiscard]] uint32_t key_column() const override { return table_.key; }
  [[nodiscard]] std::span<const Column> columns() const override { return table_.columns; }
  [[nodiscard]] size_t rows() const override { return table_.rows; }

  void find(const Column& keys, const Selection& alive,
            std::span<uint32_t> matches) const override {
    static_assert(FlatIndex::kNoRow == kNoMatch);
    table_.index->find(table_.columns[table_.key], keys, alive, matches);
  }

 private:
  CsvTable table_;
};

}  // namespace

Status CsvLoader::open() {
  const auto start = SteadyClock::now();
  ASSIGN_OR_RETURN(file_, read_file_bytes(options_.path));
  form_.text = file_.view();
  form_.delimiter = options_.delimiter;
  report_.bytes = form_.text.size();
  ends_in_break_ = form_.text.ends_with('\n') || form_.text.ends_with('\r');

  Arena unquoted;
  CsvReader reader(form_.text, form_.delimiter, unquoted);
  RETURN_IF_ERROR(read_header(reader));
  const bool infer_types = options_.declared.empty();
  if (!infer_types) RETURN_IF_ERROR(take_declared_columns());
  survey_ = survey_csv(form_.text, form_.delimiter, {.begin = reader.at(), .line = reader.line()},
                       form_.header, infer_types, options_.part_bytes);
  if (infer_types) take_inferred_columns();
  RETURN_IF_ERROR(find_key());
  report_.seconds = seconds_since(start);
  return {};
}

Status CsvLoader::read_header(CsvReader& reader) {
  const auto row = reader.next();
  if (!row)
    return fail(ErrorKind::failed,
                fmt::format("{} is empty: a first line with the names of the columns was expected",
                            options_.path));
  header_line_ = row->line;
  if (!row->fault.empty())
    return fail(ErrorKind::failed, fmt::format("{}: in the header, {}", at_header(), row->fault));
  for (const CsvField& field : row->fields) {
    const size_t number = form_.header.size() + 1;
    if (field.text.empty())
      return fail(ErrorKind::failed, fmt::format("{}: column {} has no name", at_header(), number));
    if (!is_utf8(field.text))
      return fail(ErrorKind::failed, fmt::format("{}: the name of column {} is not valid UTF-8: {}",
                                                 at_header(), number, quoted(field.text)));
    const auto same = std::find(form_.header.begin(), form_.header.end(), field.text);
    if (same != form_.header.end())
      return fail(ErrorKind::failed,
                  fmt::format("{}: columns {} and {} are both named {}", at_header(),
                              same - form_.header.begin() + 1, number, quoted(field.text)));
    form_.header.emplace_back(field.text);
  }
  return {};
}

Status CsvLoader::take_declared_columns() {
  for (const ColumnDef& column : options_.declared) {
    const auto found = std::find(form_.header.begin(), form_.header.end(), column.name);
    if (found == form_.header.end())
      return fail(ErrorKind::usage,
                  fmt::format("{}: there is no column {}.{}", at_header(), quoted(column.name),
                              did_you_mean(column.name, form_.header)));
    if (!can_read_from_text(column.type))
      return fail(ErrorKind::usage,
                  fmt::format("the column {} of {} cannot be of type {}: declare it as text",
                              quoted(column.name), options_.path, sql_name(column.type)));
    form_.schema.push_back(column);
    form_.fields.push_back(static_cast<size_t>(found - form_.header.begin()));
  }
  return {};
}

void CsvLoader::take_inferred_columns() {
  for (size_t i = 0; i < form_.header.size(); ++i) {
    form_.schema.push_back({form_.header[i], survey_.types[i].type(), false});
    form_.fields.push_back(i);
  }
}

Status CsvLoader::find_key() {
  const auto named = [&](const ColumnDef& column) { return column.name == options_.key; };
  const auto found = std::find_if(form_.schema.begin(), form_.schema.end(), named);
  if (found == form_.schema.end()) {
    const bool in_file =
        std::find(form_.header.begin(), form_.header.end(), options_.key) != form_.header.end();
    if (in_file)
      return fail(ErrorKind::usage,
                  fmt::format("the key {} of {} is not among the declared columns",
                              quoted(options_.key), options_.path));
    return fail(ErrorKind::usage,
                fmt::format("{}: there is no column {} to be the key.{}", at_header(),
                            quoted(options_.key), did_you_mean(options_.key, form_.header)));
  }
  if (!FlatIndex::can_index(found->type))
    return fail(ErrorKind::usage,
                fmt::format("the key {} of {} is of type {}, but a key must be text, int or "
                            "bigint: declare the columns",
                            quoted(options_.key), options_.path, sql_name(found->type)));
  form_.key = static_cast<uint32_t>(found - form_.schema.begin());
  return {};
}

Result<LoadedCatalogue> CsvLoader::load(std::span<const uint32_t> kept, RowVisitor* visitor) {
  const auto start = SteadyClock::now();
  if (survey_.rows >= std::numeric_limits<uint32_t>::max())
    return fail(ErrorKind::failed,
                fmt::format("{} has more lines than a catalogue can have rows", options_.path));
  form_.kept.assign(form_.schema.size(), false);
  for (const uint32_t column : kept) form_.kept[column] = true;
  form_.kept[form_.key] = true;
  make_room();
  if (visitor != nullptr) visitor->begin(survey_.rows, workers_for(survey_.parts.size()));
  read_parts(visitor);
  RETURN_IF_ERROR(check_what_was_read());
  for (Column& column : table_.columns) column.truncate(table_.rows);
  report_.rows = table_.rows;
  // A row that a later one took the place of is still there, though nothing leads to it.
  if (options_.duplicate_key == DuplicateKey::last) report_.rows -= report_.duplicate_keys.count;
  report_.seconds += seconds_since(start);
  file_ = {};
  return LoadedCatalogue{std::make_shared<CsvCatalogue>(std::move(table_)), std::move(report_)};
}

void CsvLoader::make_room() {
  table_.schema = form_.schema;
  table_.key = form_.key;
  table_.index.emplace(survey_.rows);
  first_line_.reserve(survey_.rows);
  for (size_t i = 0; i < form_.schema.size(); ++i) {
    table_.columns.emplace_back(form_.schema[i].type);
    if (form_.kept[i]) table_.columns[i].reset(survey_.rows);
  }
}

void CsvLoader::read_parts(RowVisitor* visitor) {
  struct Worker {
    CsvBlock block;
    Selection kept;
  };
  std::vector<Worker> workers;
  for (size_t i = 0; i < workers_for(survey_.parts.size()); ++i)
    workers.push_back({CsvBlock(form_), {}});
  Turns turns;
  in_parallel(survey_.parts.size(), [&](size_t number, size_t i) {
    Worker& worker = workers[number];
    const CsvSurvey::Part& part = survey_.parts[i];
    uint32_t first = 0;
    {
      Turn turn(turns, i);
      worker.block.read(part);
      turn.await();
      first = static_cast<uint32_t>(table_.rows);
      keep_rows(worker.block, worker.kept);
    }
    if (visitor != nullptr && !worker.kept.empty())
      visitor->visit(number, first, worker.block.columns(), worker.kept);
    file_.release(part.stretch.begin, part.text_end);
  });
  for (Worker& worker : workers) table_.texts.push_back(worker.block.take_kept_texts());
}

// Sets `kept` to the block's rows that became the table's, at its end.
void CsvLoader::keep_rows(const CsvBlock& block, Selection& kept) {
  kept.clear();
  if (error_) return;
  add(report_.bad_rows, block.bad_rows());
  add(report_.empty_keys, block.empty_keys());
  cut_off_ = block.cut_off();
  const std::span<const Column> from = block.columns();
  Column& keys = table_.columns[table_.key];
  for (size_t row = 0; row < block.rows() && !error_; ++row) {
    const auto at = static_cast<uint32_t>(table_.rows);
    copy(from[table_.key], row, keys, at);
    const uint32_t same = table_.index->find_or_add(keys, at);
    if (same != FlatIndex::kNoRow) {
      note_duplicate(block, row, same);
      if (options_.duplicate_key != DuplicateKey::last) continue;
      table_.index->replace(keys, same, at);
    }
    for (size_t i = 0; i < from.size(); ++i)
      if (form_.kept[i] && i != table_.key) copy(from[i], row, table_.columns[i], at);
    first_line_.push_back(static_cast<uint32_t>(block.first_line(row)));
    kept.push_back(static_cast<uint32_t>(row));
    ++table_.rows;
  }
}
static_assert(kCatalogueBytesLimit <= size_t{1} << 32, "a line's number has 32 bits");

void CsvLoader::note_duplicate(const CsvBlock& block, size_t row, uint32_t same) {
  const auto key = [&] { return key_text(block.columns()[table_.key], row); };
  if (options_.duplicate_key == DuplicateKey::error) {
    error_ = Error{
        ErrorKind::failed,
        fmt::format("{}:{}: the key {} stands on line {} already, and duplicate_key is 'error'",
                    options_.path, block.first_line(row), key(), first_line_[same])};
    return;
  }
  note(report_.duplicate_keys, [&] {
    return fmt::format("{}: {} stands on line {} already", block.lines(row), key(),
                       first_line_[same]);
  });
}

Status CsvLoader::check_what_was_read() const {
  if (error_) return tl::unexpected<Error>(*error_);
  // Half a catalogue would load, and the plays of the other half would match nothing.
  if (cut_off_ && !ends_in_break_)
    return fail(ErrorKind::failed,
                fmt::format("{} ends in the middle of a row, as if it were cut off: {}",
                            options_.path, *cut_off_));
  if (survey_.rows == 0)
    return fail(ErrorKind::failed, fmt::format("{} has a header but no rows", options_.path));
  if (table_.rows == 0) {
    const bool bad = report_.bad_rows.count > 0;
    return fail(
        ErrorKind::failed,
        fmt::format("{} has no row that can be used; the first: {}", options_.path,
                    bad ? report_.bad_rows.first[0] : report_.empty_keys.first[0] + " has no key"));
  }
  return {};
}

std::string CsvLoader::at_header() const {
  return fmt::format("{}:{}", options_.path, header_line_);
}

}  // namespace turntable
