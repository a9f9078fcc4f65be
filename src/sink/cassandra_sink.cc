#include "sink/cassandra_sink.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "row/cell.h"
#include "sink/cassandra_schema.h"
#include "sink/cql_composite.h"
#include "sink/ddl.h"

namespace turntable {
namespace {

// The token of a question; those of requests are their slots.
constexpr uint64_t kQuestion = CassandraSink::kRequestsLimit;

std::vector<size_t> partition_cells(const SinkTable& table) {
  const Schema columns = table.written();
  std::vector<size_t> cells;
  for (const std::string& name : table.key.partition) {
    const auto place =
        std::find_if(columns.begin(), columns.end(),
                     [&name](const ColumnDef& column) { return column.name == name; });
    CHECK(place != columns.end());
    cells.push_back(static_cast<size_t>(place - columns.begin()));
  }
  return cells;
}

// "spotify.plays", "spotify (3 tables)", "the cluster's 3 tables".
std::string name_of(const std::vector<SinkTable>& tables) {
  if (tables.size() == 1) return tables.front().full_name();
  const std::string& keyspace = tables.front().keyspace;
  const bool one_keyspace = std::all_of(tables.begin(), tables.end(), [&](const SinkTable& table) {
    return table.keyspace == keyspace;
  });
  return one_keyspace ? fmt::format("{} ({} tables)", keyspace, tables.size())
                      : fmt::format("the cluster's {} tables", tables.size());
}

// Where a node says that rows would expire behind the last time that it can keep: that time, as it
// says it. The phrase is that of Cassandra 3.11 to 5.
std::optional<std::string> last_expiry(std::string_view reason) {
  constexpr std::string_view kPhrase = "exceeds maximum supported expiration date of ";
  const size_t at = reason.find(kPhrase);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = reason.substr(at + kPhrase.size());
  return std::string(rest.substr(0, rest.find_first_of(". ")));
}

// The first cell of a row, which loses it. Whether NULL or unset, its bytes say.
CellView take_cell(std::string_view& row) {
  const auto length = std::max(static_cast<int32_t>(read_be32(row.data())), 0);
  const CellView cell = CellReader(row).next();
  row.remove_prefix(4 + static_cast<size_t>(length));
  return cell;
}

// What the cells of a row need on their way; empty where they need nothing.
std::vector<CqlConversion> conversions_of(const SinkTable& table) {
  std::vector<CqlConversion> conversions;
  bool any = false;
  for (const ColumnDef& column : table.written()) {
    if (column.composite != nullptr) {
      conversions.push_back(composite_conversion(*column.composite));
    } else {
      const auto fit = cql_fit(column.type, cql_type_of(table, column));
      CHECK(fit.has_value());
      conversions.push_back(fit->convert);
    }
    any |= static_cast<bool>(conversions.back());
  }
  return any ? std::move(conversions) : std::vector<CqlConversion>();
}

std::vector<std::string> names_of(const Schema& columns) {
  std::vector<std::string> names;
  for (const ColumnDef& column : columns) names.push_back(column.name);
  return names;
}

// Compares the table with what the rows are, and prepares all that is sent about it. The table gets
// the types that its columns have in Cassandra: a change of them is one of the table.
Result<cassandra::SessionWriter::WrittenTable> prepare(cassandra::Session& session,
                                                       SinkTable& table) {
  ASSIGN_OR_RETURN(std::string id, cassandra::read_table_id(session, table.keyspace, table.name));
  ASSIGN_OR_RETURN(const Difference difference, check_cassandra_table(session, table));
  if (!difference.ok())
    return fail(ErrorKind::schema, fmt::format("{}", fmt::join(difference.faults, "; ")));
  ASSIGN_OR_RETURN(table, with_live_types(session, table));
  ASSIGN_OR_RETURN(cassandra::Statement insert, session.prepare(insert_dml(table, Dialect::cql)));
  std::optional<cassandra::Statement> remove;
  if (table.deletes) {
    ASSIGN_OR_RETURN(remove, session.prepare(delete_dml(table, Dialect::cql)));
  }
  return cassandra::SessionWriter::WrittenTable{
      .insert = std::move(insert),
      .remove = std::move(remove),
      .questions = cassandra::table_questions(table.keyspace, table.name),
      .judge = [table, id = std::move(id)](const cassandra::Table& now) {
        return judge_table(table, id, now);
      }};
}

}  // namespace

Result<std::unique_ptr<CassandraSink>> CassandraSink::open(CassandraSinkOptions options) {
  CHECK(!options.tables.empty());
  Result<cassandra::Session> session = cassandra::Session::connect(options.connection);
  if (!session)
    return tl::unexpected<Error>(
        std::move(session.error()).with("cannot write to " + name_of(options.tables)));
  if (options.check) RETURN_IF_ERROR(options.check(*session));
  std::vector<cassandra::SessionWriter::WrittenTable> tables;
  for (SinkTable& table : options.tables) {
    Result<cassandra::SessionWriter::WrittenTable> prepared = prepare(*session, table);
    if (!prepared)
      return tl::unexpected<Error>(
          std::move(prepared.error()).with("cannot write to " + table.full_name()));
    tables.push_back(std::move(*prepared));
  }
  auto writer = std::make_unique<cassandra::SessionWriter>(std::move(*session), std::move(tables));
  return std::make_unique<CassandraSink>(std::move(writer), std::move(options));
}

std::vector<CassandraSink::Table> CassandraSink::known(const std::vector<SinkTable>& tables) {
  std::vector<Table> known;
  for (const SinkTable& table : tables)
    known.push_back({table.full_name(), PartitionOrder(partition_cells(table)), key_cells(table),
                     table.ttl_seconds, conversions_of(table), names_of(table.written())});
  return known;
}

CassandraSink::CassandraSink(std::unique_ptr<cassandra::Writer> writer,
                             CassandraSinkOptions options)
    : writer_(std::move(writer)),
      tables_(known(options.tables)),
      name_(name_of(options.tables)),
      clock_(std::move(options.clock)),
      settled_(tables_.size()),
      asked_(tables_.size()),
      reported_(tables_.size()),
      ask_retry_(options.backoff) {
  for (size_t slot = 0; slot < kRequestsLimit; ++slot) {
    requests_.emplace_back(options.backoff);
    idle_.push_back(slot);
    ++options.backoff.seed;  // Requests that fail together are not to come back together.
  }
}

Status CassandraSink::submit(RowBatches& rows) {
  CHECK(!full() && rows.tables.size() <= tables_.size());
  if (rows.empty()) return {};
  ++submits_;
  for (uint32_t table = 0; table < rows.tables.size(); ++table) {
    if (!tables_[table].conversions.empty()) convert(table, rows.tables[table]);
    if (!rows.tables[table].empty()) hold(table, rows.tables[table]);
  }
  send_what_is_due();
  return {};
}

// Leaves the rows as the live table's columns have them, without those that these cannot hold: they
// are refused.
void CassandraSink::convert(uint32_t table, RowBatch& rows) {
  const Table& into = tables_[table];
  converted_.clear();
  for (size_t row = 0; row < rows.size(); ++row) {
    const size_t begin = converted_.cells.size();
    std::optional<std::string> fault;
    std::string_view rest = rows.row(row);
    for (size_t i = 0; i < into.conversions.size() && !fault; ++i) {
      const std::string_view from = rest;
      const CellView cell = take_cell(rest);
      if (cell.is_null() || !into.conversions[i]) {
        converted_.cells += from.substr(0, from.size() - rest.size());
      } else if ((fault = into.conversions[i](cell, converted_.cells))) {
        fault = fmt::format("column {} is {}", printable(into.columns[i]), *fault);
      }
    }
    if (fault) {
      converted_.cells.resize(begin);
      settled_.refused.push_back({rows.origins[row], table, std::move(*fault), rows.kind(row)});
      continue;
    }
    converted_.cells += rest;  // Its time to live and its write time.
    converted_.ends.push_back(converted_.cells.size());
    converted_.origins.push_back(rows.origins[row]);
    if (rows.kind(row) == RowKind::write) continue;
    converted_.kinds.resize(converted_.size());
    converted_.kinds.back() = rows.kind(row);
  }
  std::swap(rows, converted_);
}

void CassandraSink::hold(uint32_t table, RowBatch& rows) {
  if (spare_.empty()) spare_.push_back(all_held_.emplace_back(std::make_unique<Held>()).get());
  Held& held = *spare_.back();
  spare_.pop_back();
  std::swap(held.rows, rows);
  tables_[table].order.arrange(held.rows, held.order);
  held.table = table;
  held.submit = submits_;
  held.next = 0;
  held.unsettled = held.rows.size();
  rows_held_ += held.rows.size();
  bytes_held_ += held.rows.cells.size();
  unsent_.push_back(&held);
}

// What was submitted at once may wait behind what is being sent: the window never runs dry between
// two of them.
bool CassandraSink::full() const {
  const bool one_waits = !unsent_.empty() && unsent_.front()->submit != unsent_.back()->submit;
  return one_waits || bytes_held_ >= kHeldBytesLimit;
}

Result<Acks> CassandraSink::reap(Millis wait) {
  reported_.clear();
  send_what_is_due();
  take_in(patience(wait));
  if (ask_whether_due()) take_in(Millis(0));
  send_what_is_due();
  // What was written beside a failure is reported first, or it would be written again by the next
  // run.
  if (failed_ && reported_.size() == 0 && !confirmation_wanted())
    return tl::unexpected<Error>(*failed_);
  return Acks{reported_.taken.written, reported_.refused, reported_.taken.deleted};
}

void CassandraSink::take_in(Millis wait) {
  if (failed_ && !confirmation_wanted()) return;
  for (const cassandra::Completion& completion : writer_->poll(wait)) {
    if (completion.token == kQuestion) {
      confirmed(completion);
    } else {
      settle(completion);
    }
  }
}

// Whether a question has to be put, or is out.
bool CassandraSink::confirmation_wanted() const {
  return asking_ || asks_for_reason_ || settled_.size() > 0;
}

SteadyTime CassandraSink::confirmation_due() const {
  if (failed_) return {};  // The last one, at once.
  if (window_.out() == 0) return ask_retry_.due();
  return std::max(ask_retry_.due(), asked_at_ + kConfirmInterval);
}

bool CassandraSink::ask_whether_due() {
  if (asking_ || !confirmation_wanted()) return false;
  const SteadyTime now = clock_->now();
  if (now < confirmation_due()) return false;
  std::swap(asked_, settled_);
  asking_ = true;
  asks_for_reason_ = false;
  asked_at_ = now;
  writer_->confirm(kQuestion);
  return true;
}

void CassandraSink::confirmed(const cassandra::Completion& answer) {
  asking_ = false;
  if (answer.outcome) {
    if (const std::optional<SteadyTime> since = ask_retry_.worked())
      log::warn("{}: its nodes say again which {} they have, after {:.1f} s", name_,
                tables_.size() == 1 ? "table" : "tables", seconds_since(*since));
    reported_.append(asked_);
    asked_.clear();
    return;
  }
  const Error& error = answer.outcome.error();
  if (error.kind == ErrorKind::transient && !failed_) {
    // Those of the last question go with those that came since, into the next one.
    asked_.append(settled_);
    settled_.clear();
    std::swap(asked_, settled_);
    if (ask_retry_.failed(clock_->now()))
      log::warn(
          "{}: its nodes do not say whether {} that {} checked, which is asked again until they "
          "do; rows that they took are not acknowledged before: {}",
          name_, tables_.size() == 1 ? "the table is still the one" : "the tables are still those",
          tables_.size() == 1 ? "was" : "were", error.message);
    return;
  }
  // Where one table is another one nothing is acknowledged, of the others neither: the question was
  // about all of them. What became of a table tells more than a request that failed by it.
  if (error.kind == ErrorKind::schema) {
    failed_ = cannot_write(answer.table, error);
  } else if (!failed_) {
    failed_ = Error(error).with("cannot write to " + name_);
  }
  asks_for_reason_ = false;
  settled_.clear();
  asked_.clear();
}

Error CassandraSink::cannot_write(uint32_t table, const Error& error) const {
  return Error(error).with("cannot write to " + tables_[table].name);
}

Error CassandraSink::ttl_too_long(const Table& table, const std::string& last_expiry) {
  return {
      ErrorKind::failed,
      fmt::format("cannot write to {}: with ttl = '{}s' its rows would expire after {}, which is "
                  "the last time that this Cassandra can keep: use a lower ttl, or, from "
                  "Cassandra 5 on, storage_compatibility_mode: NONE in its cassandra.yaml, with "
                  "which it keeps times until 2106",
                  table.name, table.ttl_seconds, last_expiry)};
}

void CassandraSink::send_what_is_due() {
  if (failed_) return;
  if (failing_ > 0) {
    const SteadyTime now = clock_->now();
    for (size_t slot = 0; slot < requests_.size() && window_.open(); ++slot) {
      if (requests_[slot].state == Request::State::waiting && requests_[slot].retry.is_due(now))
        send(slot);
    }
  }
  while (!idle_.empty() && window_.open()) {
    const std::optional<Range> range = next_range();
    if (!range) return;
    const size_t slot = idle_.back();
    idle_.pop_back();
    requests_[slot].range = *range;
    send(slot);
  }
}

// What to send next: rows of the oldest batch, of one table, partition and kind, within the bounds
// of a request.
std::optional<CassandraSink::Range> CassandraSink::next_range() {
  if (!alone_.empty()) {
    const Range row = alone_.back();
    alone_.pop_back();
    return row;
  }
  if (unsent_.empty()) return std::nullopt;
  Held& held = *unsent_.front();
  const auto& order = held.order;
  Range range{&held, held.next, held.next};
  size_t bytes = 0;
  do {
    bytes += held.rows.row(order[range.end].row).size();
    if (bytes > kRequestBytes && range.rows() > 0) break;
    ++range.end;
  } while (range.end < order.size() && range.rows() < kRequestRows &&
           order[range.end].partition == order[range.begin].partition &&
           order[range.end].kind == order[range.begin].kind);
  held.next = range.end;
  if (held.next == order.size()) unsent_.pop_front();
  return range;
}

void CassandraSink::send(size_t slot) {
  Request& request = requests_[slot];
  const Range& range = request.range;
  const RowKind kind = range.held->order[range.begin].kind;
  cells_.clear();
  for (size_t i = range.begin; i < range.end; ++i) {
    const std::string_view row = range.held->rows.row(range.held->order[i].row);
    if (kind == RowKind::write) {
      cells_ += row;
    } else {
      append_deletion(tables_[range.held->table], row);
    }
  }
  request.state = Request::State::sent;
  request.number = window_.sent();
  writer_->submit(range.held->table, kind, cells_, range.rows(), slot);
}

// The write time, which is the row's last cell, then the key.
void CassandraSink::append_deletion(const Table& table, std::string_view row) {
  key_.clear();
  CellReader cells(row);
  CellView cell;
  for (size_t i = 0; !cells.done(); ++i) {
    cell = cells.next();
    if (i < table.key_cells.size() && table.key_cells[i]) append_view_cell(key_, cell.bytes());
  }
  append_view_cell(cells_, cell.bytes());
  cells_ += key_;
}

// How long to wait for outcomes: not at all where none can come, and not past the next retry, which
// a closed window keeps back until an outcome comes.
Millis CassandraSink::patience(Millis wait) const {
  if (in_flight() == 0 && !asking_) return Millis(0);
  const SteadyTime now = clock_->now();
  const auto no_longer_than = [&wait, now](SteadyTime due) {
    wait = std::min(wait, std::max(Millis(0), std::chrono::ceil<Millis>(due - now)));
  };
  if (!asking_ && confirmation_wanted()) no_longer_than(confirmation_due());
  // After a failure nothing is sent again.
  if (failing_ == 0 || !window_.open() || failed_) return wait;
  for (const Request& request : requests_) {
    if (request.state == Request::State::waiting) no_longer_than(request.retry.due());
  }
  return wait;
}

void CassandraSink::settle(const cassandra::Completion& completion) {
  const size_t slot = completion.token;
  CHECK(slot < requests_.size() && requests_[slot].state == Request::State::sent);
  Request& request = requests_[slot];
  const Range range = request.range;
  const RowBatch& rows = range.held->rows;
  const uint32_t table = range.held->table;
  if (completion.outcome) {
    window_.answered();
    for (size_t i = range.begin; i < range.end; ++i) {
      const KeyedRow& row = range.held->order[i];
      settled_.taken.add(table, row.kind, rows.origins[row.row]);
    }
    let_go(range, slot);
    return;
  }
  completion.overloaded ? window_.overloaded(request.number) : window_.failed();
  const Error& error = completion.outcome.error();
  switch (error.kind) {
    case ErrorKind::transient:
      ++(completion.overloaded ? tries_.overloaded : tries_.transient);
      retry_later(request, error.message);
      return;
    case ErrorKind::row:
      // The ttl of one row is its own fault; that of the table would refuse every row.
      if (const auto last = last_expiry(error.message); last && tables_[table].ttl_seconds > 0) {
        if (!failed_) failed_ = ttl_too_long(tables_[table], *last);
        return;
      }
      if (range.rows() > 1) {
        take_apart(range);
        free_slot(slot);
      } else {
        const KeyedRow& row = range.held->order[range.begin];
        settled_.refused.push_back({rows.origins[row.row], table, error.message, row.kind});
        let_go(range, slot);
      }
      return;
    default:
      if (failed_) return;
      failed_ = cannot_write(table, error);
      // The server's words are of the statement; the table may tell more.
      asks_for_reason_ = error.kind == ErrorKind::schema;
      return;
  }
}

void CassandraSink::retry_later(Request& request, const std::string& reason) {
  request.state = Request::State::waiting;
  trouble_ = reason;
  if (!request.retry.failed(clock_->now()) || failing_++ > 0) return;
  failing_since_ = clock_->now();
  log::warn("{} cannot be written to, which is tried again until it works: {}",
            tables_[request.range.held->table].name, reason);
}

void CassandraSink::take_apart(const Range& range) {
  // Fetched from the back: the rows go out in their order.
  for (size_t i = range.end; i > range.begin; --i) alone_.push_back({range.held, i - 1, i});
}

// The rows are settled: they need not be held any longer.
void CassandraSink::let_go(const Range& range, size_t slot) {
  Held& held = *range.held;
  held.unsettled -= range.rows();
  rows_held_ -= range.rows();
  if (held.unsettled == 0) {
    bytes_held_ -= held.rows.cells.size();
    held.rows.clear();
    spare_.push_back(&held);
  }
  free_slot(slot);
}

void CassandraSink::free_slot(size_t slot) {
  Request& request = requests_[slot];
  request.state = Request::State::idle;
  idle_.push_back(slot);
  if (!request.retry.worked() || --failing_ > 0) return;
  log::warn("{} is written to again, after {:.1f} s", name_, seconds_since(failing_since_));
}

double CassandraSink::seconds_since(SteadyTime then) const {
  return std::chrono::duration<double>(clock_->now() - then).count();
}

}  // namespace turntable
