#include "cassandra/session.h"

#include <bridge.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/check.h"
#include "cassandra/wrong_server.h"

namespace turntable::cassandra {
namespace {

// Outcomes that are fetched at once.
constexpr size_t kCompletionsLimit = 64;

bridge_text lend(std::string_view text) {
  return {text.data(), text.size()};
}
std::string_view view(bridge_text text) {
  return {text.data, text.length};
}

uint32_t millis(Millis time) {
  // 0 would stand for the bridge's own default.
  return static_cast<uint32_t>(
      std::clamp<int64_t>(time.count(), 1, std::numeric_limits<int32_t>::max()));
}

ErrorKind kind_of(int32_t code) {
  switch (code) {
    case BRIDGE_TRANSIENT:
    case BRIDGE_OVERLOADED:
      return ErrorKind::transient;
    case BRIDGE_AUTH:
      return ErrorKind::auth;
    case BRIDGE_SCHEMA:
      return ErrorKind::schema;
    case BRIDGE_ROW:
      return ErrorKind::row;
    case BRIDGE_ARGUMENT:
      return ErrorKind::usage;
    default:
      return ErrorKind::failed;
  }
}

tl::unexpected<Error> failure(const bridge_error& error) {
  return fail(kind_of(error.code), std::string(error.message, error.length));
}

Page page_of(const bridge_page& page) {
  return {{reinterpret_cast<const char*>(page.cells), page.length}, page.count};
}

ColumnInfo column_info(const bridge_column& column) {
  return {std::string(view(column.name)), std::string(view(column.type))};
}

}  // namespace

struct Session::Inbox {
  std::array<bridge_completion, kCompletionsLimit> completions;
};

void Session::Close::operator()(bridge_session* session) const {
  bridge_close(session);
}
void Session::CloseInbox::operator()(Inbox* inbox) const {
  delete inbox;
}
void Cursor::Close::operator()(bridge_query* query) const {
  bridge_query_close(query);
}

Result<Session> Session::connect(const Options& options) {
  const bridge_options given{
      .contact_points = lend(options.contact_points),
      .username = lend(options.username),
      .password = lend(options.password),
      .ca_file = lend(options.ca_file),
      .certificate_file = lend(options.certificate_file),
      .key_file = lend(options.key_file),
      .consistency = lend(options.consistency),
      .local_dc = lend(options.local_dc),
      .io_threads = options.io_threads,
      .request_timeout_ms = millis(options.request_timeout),
      .connect_timeout_ms = millis(options.connect_timeout),
      .version = lend(TURNTABLE_VERSION),
  };
  bridge_error error;
  Session session;
  session.session_.reset(bridge_connect(&given, &error));
  if (!session.session_) return tl::unexpected<Error>(told_apart(failure(error).value(), options));
  session.inbox_.reset(new Inbox);
  return session;
}

Status Session::execute(std::string_view cql) {
  bridge_error error;
  if (bridge_execute(session_.get(), lend(cql), &error) != 0) return failure(error);
  return {};
}

Result<Statement> Session::prepare(std::string_view cql) {
  bridge_error error;
  Statement statement;
  statement.id = bridge_prepare(session_.get(), lend(cql), &error);
  if (statement.id < 0) return failure(error);
  const uint32_t width = bridge_statement_width(session_.get(), statement.id);
  for (uint32_t i = 0; i < width; ++i)
    statement.columns.push_back(
        column_info(bridge_statement_column(session_.get(), statement.id, i)));
  return statement;
}

void Session::submit(const Statement& statement, std::string_view cells, size_t rows,
                     uint64_t token) {
  const bridge_rows given{
      .cells = reinterpret_cast<const uint8_t*>(cells.data()),
      .length = cells.size(),
      .count = static_cast<uint32_t>(rows),
  };
  // The bridge refuses only what is malformed, and rows are of our own making.
  CHECK(bridge_submit(session_.get(), statement.id, &given, token, nullptr) == 0);
}

void Session::ask(std::span<const std::string> statements, uint64_t token) {
  std::vector<bridge_text> texts;
  for (const std::string& statement : statements) texts.push_back(lend(statement));
  CHECK(bridge_ask(session_.get(), texts.data(), static_cast<uint32_t>(texts.size()), token,
                   nullptr) == 0);
}

std::span<Completion> Session::poll(Millis wait) {
  auto& inbox = inbox_->completions;
  const auto timeout = static_cast<int32_t>(
      std::clamp<int64_t>(wait.count(), 0, std::numeric_limits<int32_t>::max()));
  const int32_t count =
      bridge_poll(session_.get(), inbox.data(), static_cast<uint32_t>(inbox.size()), timeout);
  CHECK(count >= 0);
  completions_.clear();
  for (const bridge_completion& got : std::span(inbox).first(static_cast<size_t>(count))) {
    Completion& completion = completions_.emplace_back();
    completion.token = got.token;
    if (got.error.code != BRIDGE_OK) completion.outcome = failure(got.error);
    completion.overloaded = got.error.code == BRIDGE_OVERLOADED;
    completion.answer = page_of(got.answer);
  }
  return completions_;
}

int Session::wait_fd() const {
  return bridge_wait_fd(session_.get());
}

Result<Cursor> Session::query(std::string_view cql, uint32_t page_size) {
  bridge_error error;
  Cursor cursor;
  cursor.query_.reset(bridge_query_open(session_.get(), lend(cql), page_size, &error));
  if (!cursor.query_) return failure(error);
  const uint32_t width = bridge_query_width(cursor.query_.get());
  for (uint32_t i = 0; i < width; ++i)
    cursor.columns_.push_back(column_info(bridge_query_column(cursor.query_.get(), i)));
  return cursor;
}

Result<std::optional<Page>> Cursor::next_page() {
  bridge_error error;
  bridge_page page;
  switch (bridge_query_next(query_.get(), &page, &error)) {
    case 0:
      return std::nullopt;
    case 1:
      return page_of(page);
    default:
      return failure(error);
  }
}

std::vector<std::string> Cursor::take_warnings() {
  std::vector<std::string> warnings;
  for (; warnings_taken_ < bridge_query_warnings(query_.get()); ++warnings_taken_)
    warnings.emplace_back(view(bridge_query_warning(query_.get(), warnings_taken_)));
  return warnings;
}

std::string bridge_version_text() {
  return std::string(view(bridge_version()));
}

}  // namespace turntable::cassandra
