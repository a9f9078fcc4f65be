#include "sink/cassandra_sink.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "sink/ddl.h"

namespace turntable {
namespace {

std::vector<size_t> partition_cells(const SinkTable& table) {
  std::vector<size_t> cells;
  for (const std::string& name : table.key.partition) {
    const std::optional<size_t> place = table.find(name);
    CHECK(place);
    cells.push_back(*place);
  }
  return cells;
}

// Cells are handed over as they are, and Cassandra takes any four bytes for a float: types must be
// the same.
Status check_types(const cassandra::Statement& statement, const SinkTable& table) {
  CHECK(statement.columns.size() == table.columns.size() + (table.record_timestamps ? 1 : 0));
  std::string faults;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const std::string& live = statement.columns[i].type;
    const std::string_view ours = cql_name(table.columns[i].type);
    if (live != ours)
      faults += fmt::format("{}column {} is {}, expected {}", faults.empty() ? "" : "; ",
                            table.columns[i].name, live, ours);
  }
  if (!faults.empty()) return fail(ErrorKind::schema, std::move(faults));
  return {};
}

}  // namespace

Result<std::unique_ptr<CassandraSink>> CassandraSink::open(CassandraSinkOptions options) {
  const SinkTable& table = options.table;
  const auto explained = [&table](Error error) {
    return tl::unexpected<Error>(std::move(error).with("cannot write to " + table.full_name()));
  };
  Result<cassandra::Session> session = cassandra::Session::connect(options.connection);
  if (!session) return explained(std::move(session.error()));
  if (options.check) RETURN_IF_ERROR(options.check(*session));
  Result<cassandra::Statement> statement = session->prepare(insert_dml(table, Dialect::cql));
  if (!statement) return explained(std::move(statement.error()));
  if (Status same = check_types(*statement, table); !same)
    return explained(std::move(same.error()));
  auto writer =
      std::make_unique<cassandra::SessionWriter>(std::move(*session), std::move(*statement));
  return std::make_unique<CassandraSink>(std::move(writer), std::move(options));
}

CassandraSink::CassandraSink(std::unique_ptr<cassandra::Writer> writer,
                             CassandraSinkOptions options)
    : writer_(std::move(writer)),
      name_(options.table.full_name()),
      clock_(std::move(options.clock)),
      partition_order_(partition_cells(options.table)) {
  for (size_t slot = 0; slot < kRequestsLimit; ++slot) {
    requests_.emplace_back(options.backoff);
    idle_.push_back(slot);
    ++options.backoff.seed;  // Requests that fail together are not to come back together.
  }
}

Status CassandraSink::submit(RowBatch& rows) {
  CHECK(!full());
  if (rows.empty()) return {};
  if (spare_.empty()) spare_.push_back(all_held_.emplace_back(std::make_unique<Held>()).get());
  Held& held = *spare_.back();
  spare_.pop_back();
  std::swap(held.rows, rows);
  partition_order_.arrange(held.rows, held.order);
  held.next = 0;
  held.unreported = held.rows.size();
  rows_held_ += held.rows.size();
  bytes_held_ += held.rows.cells.size();
  unsent_.push_back(&held);
  send_what_is_due();
  return {};
}

// One batch may wait behind the one that is being sent: the window never runs dry between two of
// them.
bool CassandraSink::full() const {
  return unsent_.size() > 1 || bytes_held_ >= kHeldBytesLimit;
}

Result<Acks> CassandraSink::reap(Millis wait) {
  written_.clear();
  refused_.clear();
  send_what_is_due();
  if (!failed_) {
    for (const cassandra::Completion& completion : writer_->poll(patience(wait)))
      settle(completion);
    send_what_is_due();
  }
  // What was written beside a failure is reported first, or it would be written again by the next
  // run.
  if (failed_ && written_.empty() && refused_.empty()) return tl::unexpected<Error>(*failed_);
  return Acks{written_, refused_};
}

void CassandraSink::send_what_is_due() {
  if (failed_) return;
  if (failing_ > 0) {
    const SteadyTime now = clock_->now();
    for (size_t slot = 0; slot < requests_.size() && window_.open(); ++slot) {
      if (requests_[slot].state == Request::State::waiting && requests_[slot].due <= now)
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

// What to send next: rows of the oldest batch, of one partition, within the bounds of a request.
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
           order[range.end].partition == order[range.begin].partition);
  held.next = range.end;
  if (held.next == order.size()) unsent_.pop_front();
  return range;
}

void CassandraSink::send(size_t slot) {
  Request& request = requests_[slot];
  const Range& range = request.range;
  cells_.clear();
  for (size_t i = range.begin; i < range.end; ++i)
    cells_ += range.held->rows.row(range.held->order[i].row);
  request.state = Request::State::sent;
  request.number = window_.sent();
  writer_->submit(cells_, range.rows(), slot);
}

// How long to wait for outcomes: not at all where none can come, and not past the next retry, which
// a closed window keeps back until an outcome comes.
Millis CassandraSink::patience(Millis wait) const {
  if (rows_held_ == 0) return Millis(0);
  if (failing_ == 0 || !window_.open()) return wait;
  const SteadyTime now = clock_->now();
  for (const Request& request : requests_) {
    if (request.state == Request::State::waiting)
      wait = std::min(wait, std::max(Millis(0), std::chrono::ceil<Millis>(request.due - now)));
  }
  return wait;
}

void CassandraSink::settle(const cassandra::Completion& completion) {
  const size_t slot = completion.token;
  CHECK(slot < requests_.size() && requests_[slot].state == Request::State::sent);
  Request& request = requests_[slot];
  const Range range = request.range;
  const RowBatch& rows = range.held->rows;
  if (completion.outcome) {
    window_.answered();
    for (size_t i = range.begin; i < range.end; ++i)
      written_.push_back(rows.origins[range.held->order[i].row]);
    report(range, slot);
    return;
  }
  completion.overloaded ? window_.overloaded(request.number) : window_.failed();
  const Error& error = completion.outcome.error();
  switch (error.kind) {
    case ErrorKind::transient:
      retry_later(request, error.message);
      return;
    case ErrorKind::row:
      if (range.rows() > 1) {
        take_apart(range);
        free_slot(slot);
      } else {
        refused_.push_back({rows.origins[range.held->order[range.begin].row], error.message});
        report(range, slot);
      }
      return;
    default:
      if (!failed_) failed_ = Error(error).with("cannot write to " + name_);
      return;
  }
}

void CassandraSink::retry_later(Request& request, const std::string& reason) {
  request.state = Request::State::waiting;
  request.due = clock_->now() + request.backoff.next();
  if (request.failing) return;
  request.failing = true;
  if (failing_++ > 0) return;
  failing_since_ = clock_->now();
  log::warn("{} cannot be written to, which is tried again until it works: {}", name_, reason);
}

void CassandraSink::take_apart(const Range& range) {
  // Fetched from the back: the rows go out in their order.
  for (size_t i = range.end; i > range.begin; --i) alone_.push_back({range.held, i - 1, i});
}

// The rows are in written_ or refused_: they need not be held any longer.
void CassandraSink::report(const Range& range, size_t slot) {
  Held& held = *range.held;
  held.unreported -= range.rows();
  rows_held_ -= range.rows();
  if (held.unreported == 0) {
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
  if (!request.failing) return;
  request.failing = false;
  request.backoff.reset();
  if (--failing_ > 0) return;
  const auto seconds = std::chrono::duration<double>(clock_->now() - failing_since_).count();
  log::warn("{} is written to again, after {:.1f} s", name_, seconds);
}

}  // namespace turntable
