#include "catalogue/csv_loader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <utility>

#include "base/file_kind.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/text.h"

namespace turntable {
namespace {

using SteadyClock = std::chrono::steady_clock;

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
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
  explicit CsvCatalogue(CsvTable table) : table_(std::move(table)) {
    for (size_t i = 0; i < table_.indexes.size(); ++i) {
      IndexBuilder& index = table_.indexes[i];
      indexes_.emplace_back(index.take(),
                            index.column() ? table_.columns[*index.column()] : index.own_keys(),
                            null_row(), std::move(table_.left_out[i]));
    }
  }

  [[nodiscard]] const Schema& schema() const override { return table_.schema; }
  [[nodiscard]] std::span<const Column> columns() const override { return table_.columns; }
  [[nodiscard]] size_t rows() const override { return table_.rows; }
  [[nodiscard]] std::span<const LookupIndex> indexes() const override { return indexes_; }

 private:
  CsvTable table_;
  std::vector<LookupIndex> indexes_;
};

}  // namespace

Status CsvLoader::open() {
  const auto start = SteadyClock::now();
  RETURN_IF_ERROR(check_declared_columns(options_));
  ASSIGN_OR_RETURN(file_, read_file_bytes(options_.path));
  form_.text = file_.view();
  if (const auto kind = file_kind(form_.text))
    return fail(ErrorKind::failed, kind->sentence(options_.path));
  form_.shape = {.dialect = {.delimiter = options_.delimiter, .escape = options_.escape},
                 .nulls = options_.nulls,
                 .names = {},
                 .has_header = options_.has_header};
  report_.bytes = form_.text.size();
  ends_in_break_ = form_.text.ends_with('\n') || form_.text.ends_with('\r');

  Arena unquoted;
  CsvReader reader(form_.text, form_.shape.dialect, unquoted);
  if (options_.has_header) {
    ASSIGN_OR_RETURN(header_, read_csv_header(reader, form_.shape.dialect, options_.path));
    form_.shape.names = header_.names;
    form_.shape.may_lack_last = header_.ends_with_delimiter;
  }
  const bool infer_types = options_.declared.empty();
  if (!infer_types) RETURN_IF_ERROR(take_declared_columns());
  survey_ = survey_csv(form_.text, {.begin = reader.at(), .line = reader.line()}, form_.shape,
                       infer_types, options_.part_bytes);
  if (infer_types) take_inferred_columns();
  RETURN_IF_ERROR(check_key());
  report_.seconds = seconds_since(start);
  return {};
}

// The file's columns are the header's, or where it has none the declared ones.
Status CsvLoader::take_declared_columns() {
  std::vector<std::string>& names = form_.shape.names;
  if (!options_.has_header)
    for (const ColumnDef& column : options_.declared) names.push_back(column.name);
  bool any = false;
  std::optional<Error> missing;  // The first column that is.
  for (const ColumnDef& column : options_.declared) {
    const auto found = std::find(names.begin(), names.end(), column.name);
    const bool usable = found != names.end() && !header_.unusable.contains(column.name);
    any |= usable;
    if (!usable && !missing) missing = header_.no_such_column(column.name, "");
    form_.schema.push_back(column);
    form_.fields.push_back(static_cast<size_t>(found - names.begin()));
  }
  if (!missing) return {};
  // One column alone may be misspelt.
  const bool guessed = !header_.remark.empty() || missing->message.ends_with('?');
  if (!any && !guessed && options_.declared.size() > 1)
    missing->message += "; where the file has no header, set header = 'false'";
  return tl::unexpected<Error>(*missing);
}

void CsvLoader::take_inferred_columns() {
  report_.passed_over = header_.passed_over;
  for (size_t i = 0; i < header_.names.size(); ++i) {
    if (!header_.can_be_asked_for(header_.names[i])) continue;
    form_.schema.push_back({header_.names[i], survey_.types[i].type(), false});
    form_.fields.push_back(i);
  }
}

// That the key, where one is named, is a column.
Status CsvLoader::check_key() const {
  const auto named = [&](const ColumnDef& column) { return column.name == options_.key; };
  if (options_.key.empty() || std::any_of(form_.schema.begin(), form_.schema.end(), named))
    return {};
  return tl::unexpected<Error>(header_.no_such_column(options_.key, " to be the key"));
}

Result<LoadedCatalogue> CsvLoader::load(const LoadOrder& order) {
  const auto start = SteadyClock::now();
  // One more is the null_row().
  if (survey_.rows + 1 >= std::numeric_limits<uint32_t>::max())
    return fail(ErrorKind::failed,
                fmt::format("{} has more lines than a catalogue can have rows", options_.path));
  make_room(order);
  for (RowVisitor* visitor : order.visitors)
    visitor->begin(survey_.rows + 1, workers_for(survey_.parts.size()));
  read_parts(order);
  RETURN_IF_ERROR(check_what_was_read());
  add_null_row(order.visitors);
  report_.rows = table_.rows - replaced_;
  report_.seconds += seconds_since(start);
  file_ = {};
  return LoadedCatalogue{std::make_shared<CsvCatalogue>(std::move(table_)), std::move(report_)};
}

void CsvLoader::make_room(const LoadOrder& order) {
  const bool last_counts = options_.duplicate_key == DuplicateKey::last;
  form_.kept.assign(form_.schema.size(), false);
  for (const uint32_t column : order.kept) form_.kept[column] = true;
  form_.needed = needed_columns(order);
  for (const IndexRule& rule : order.indexes) {
    table_.indexes.emplace_back(rule, form_.schema, survey_.rows, last_counts);
    report_.indexes.push_back({.names = rule.names});
    if (const auto column = table_.indexes.back().column()) form_.kept[*column] = true;
  }
  table_.left_out.resize(order.indexes.size());
  table_.schema = form_.schema;
  first_line_.reserve(survey_.rows);
  for (size_t i = 0; i < form_.schema.size(); ++i) {
    table_.columns.emplace_back(form_.schema[i].type);
    if (form_.kept[i]) table_.columns[i].reset(survey_.rows + 1);
  }
}

std::vector<bool> CsvLoader::needed_columns(const LoadOrder& order) const {
  std::vector<bool> needed(form_.schema.size(), false);
  for (const uint32_t column : order.kept) needed[column] = true;
  for (const uint32_t column : order.read) needed[column] = true;
  for (const IndexRule& rule : order.indexes)
    for (const uint32_t column : rule.columns) needed[column] = true;
  return needed;
}

void CsvLoader::read_parts(const LoadOrder& order) {
  std::vector<Worker> workers;
  for (size_t i = 0; i < workers_for(survey_.parts.size()); ++i) {
    Worker& worker = workers.emplace_back(Worker{.block = CsvBlock(form_), .keys = {}, .kept = {}});
    for (const IndexRule& rule : order.indexes) worker.keys.emplace_back(rule, form_.schema);
  }
  Turns turns;
  Progress progress("rows of " + printable(options_.path));
  in_parallel(survey_.parts.size(), [&](size_t number, size_t i) {
    Worker& worker = workers[number];
    const CsvSurvey::Part& part = survey_.parts[i];
    uint32_t first = 0;
    {
      Turn turn(turns, i);
      worker.block.read(part);
      for (IndexKeys& keys : worker.keys) keys.compute(worker.block.columns(), worker.block.rows());
      turn.await();
      first = static_cast<uint32_t>(table_.rows);
      keep_rows(worker, order);
      progress.at(table_.rows,
                  static_cast<double>(i + 1) / static_cast<double>(survey_.parts.size()));
    }
    if (!worker.kept.empty())
      for (RowVisitor* visitor : order.visitors)
        visitor->visit(number, first, worker.block.columns(), worker.kept);
    file_.release(part.stretch.begin, part.text_end);
  });
  for (Worker& worker : workers) {
    table_.texts.push_back(worker.block.take_kept_texts());
    for (IndexKeys& keys : worker.keys) table_.texts.push_back(keys.take_texts());
  }
}

// Sets `kept` to the block's rows that became the table's, at its end.
void CsvLoader::keep_rows(Worker& worker, const LoadOrder& order) {
  const CsvBlock& block = worker.block;
  worker.kept.clear();
  if (error_) return;
  add(report_.bad_rows, block.bad_rows());
  cut_off_ = block.cut_off();
  if (block.bad_rows().count > 0) remember_left_out(block.left_out(), order);
  const std::span<const Column> from = block.columns();
  for (size_t row = 0; row < block.rows() && !error_; ++row) {
    const auto at = static_cast<uint32_t>(table_.rows);
    if (!table_.indexes.empty() && !add_to_indexes(worker, row, at)) continue;
    for (size_t i = 0; i < from.size(); ++i)
      if (form_.kept[i]) copy_value(from[i], row, table_.columns[i], at);
    first_line_.push_back(static_cast<uint32_t>(block.first_line(row)));
    worker.kept.push_back(static_cast<uint32_t>(row));
    ++table_.rows;
  }
}
static_assert(kCatalogueBytesLimit <= size_t{1} << 32, "a line's number has 32 bits");

// Their keys are computed as those of other rows are, of what can be read.
void CsvLoader::remember_left_out(const LeftOutBlock& block, const LoadOrder& order) {
  for (size_t i = 0; i < order.indexes.size(); ++i) {
    LeftOutRows& left_out = table_.left_out[i];
    if (!block.why.empty()) {
      IndexKeys keys(order.indexes[i], form_.schema);
      keys.compute(block.columns, block.why.size());
      for (size_t row = 0; row < block.why.size(); ++row)
        left_out.add(keys.keys(), row, block.why[row]);
    }
    if (block.unread > 0) left_out.add_unknown(block.unread, block.first_unread);
  }
}

// True where an index leads to the row, which is to be the table's row `at`.
bool CsvLoader::add_to_indexes(const Worker& worker, size_t row, uint32_t at) {
  size_t leads = 0;
  for (size_t i = 0; i < table_.indexes.size() && !error_; ++i) {
    const IndexKeys& keys = worker.keys[i];
    const IndexBuilder::Added added = table_.indexes[i].add(keys, row, table_.columns, at);
    const auto lines = [&] { return worker.block.lines(row); };
    if (added.empty) note(report_.indexes[i].empty_keys, lines);
    if (added.failed)
      note(report_.indexes[i].failed_keys,
           [&] { return fmt::format("{}: {}", lines(), keys.why(row)); });
    if (added.same) {
      note_duplicate(worker, i, row, *added.same);
      if (added.leads && --leads_[*added.same] == 0) ++replaced_;
    }
    if (added.leads) ++leads;
  }
  if (leads > 0 && options_.duplicate_key == DuplicateKey::last)
    leads_.push_back(static_cast<uint8_t>(leads));
  return leads > 0 && !error_;
}
static_assert(sql::kTablesLimit < 256, "an index is a probe's");

void CsvLoader::note_duplicate(const Worker& worker, size_t index, size_t row, uint32_t same) {
  const auto key = [&] { return worker.keys[index].text(row); };
  if (options_.duplicate_key == DuplicateKey::error) {
    error_ = Error{
        ErrorKind::failed,
        fmt::format("{}:{}: the key {} stands on line {} already, and duplicate_key is 'error'",
                    options_.path, worker.block.first_line(row), key(), first_line_[same])};
    return;
  }
  note(report_.indexes[index].duplicate_keys, [&] {
    return fmt::format("{}: {} stands on line {} already", worker.block.lines(row), key(),
                       first_line_[same]);
  });
}

void CsvLoader::add_null_row(std::span<RowVisitor* const> visitors) {
  std::vector<Column> nulls;
  for (Column& column : table_.columns) {
    nulls.emplace_back(column.type()).reset(1);
    if (column.rows() == 0) continue;
    column.truncate(table_.rows + 1);
    column.set_null(table_.rows);
  }
  for (RowVisitor* visitor : visitors)
    visitor->visit_null_row(static_cast<uint32_t>(table_.rows), nulls);
}

Status CsvLoader::check_what_was_read() const {
  if (error_) return tl::unexpected<Error>(*error_);
  // Half a catalogue would load, and the plays of the other half would match nothing.
  if (cut_off_ && !ends_in_break_)
    return fail(ErrorKind::failed,
                fmt::format("{} ends in the middle of a row, as if it were cut off: {}",
                            options_.path, *cut_off_));
  if (survey_.rows == 0 && options_.has_header && !ends_in_break_)
    return fail(ErrorKind::failed,
                fmt::format("{} ends within its first line, as if it were cut off: where it has no "
                            "rows, end the line",
                            options_.path));
  if (survey_.rows == 0 || table_.rows > 0) return check_left_out();
  std::string first;
  if (report_.bad_rows.count > 0) {
    first = report_.bad_rows.first[0];
  } else if (report_.indexes[0].failed_keys.count > 0) {
    first = report_.indexes[0].failed_keys.first[0];
  } else {
    first = report_.indexes[0].empty_keys.first[0] + " has no key";
  }
  return fail(ErrorKind::failed,
              fmt::format("{} has no row that can be used; the first: {}", options_.path, first));
}

// Rows without a key that can be computed are not counted: nothing is wrong with them.
Status CsvLoader::check_left_out() const {
  const uint64_t left_out = report_.bad_rows.count;
  const double most = options_.max_left_out_ratio * static_cast<double>(survey_.rows);
  if (static_cast<double>(left_out) <= most) return {};
  constexpr size_t kShown = 3;
  std::vector<std::string> first = report_.bad_rows.first;
  first.resize(std::min(first.size(), kShown));
  return fail(ErrorKind::failed,
              fmt::format("{} of the {} rows of {} are left out, and max_left_out_ratio is {}; the "
                          "first: {}",
                          grouped(left_out), grouped(survey_.rows), options_.path,
                          options_.max_left_out_ratio, fmt::join(first, "; ")));
}

}  // namespace turntable
