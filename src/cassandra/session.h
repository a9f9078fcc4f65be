// Cassandra: connections to one cluster, statements, rows on their way out and queries coming back.
// RAII and Result around the bridge's C interface (bridge/include/bridge.h), which only this folder
// includes.
//
// Rows and pages are cells in the form of row/cell.h. Errors are of these kinds: transient where
// the same call may succeed later, auth, schema, row where the values are at fault, usage where an
// option has no meaning, and failed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

struct bridge_query;
struct bridge_session;

namespace turntable::cassandra {

// Empty texts stand for options that are not given.
struct Options {
  std::string contact_points;  // "host:port,host:port"; the port may be left out where it is 9042.
  std::string username = {};
  std::string password = {};
  // PEM certificates; turns TLS on. A node's must name its IP address or a contact point's host.
  std::string ca_file = {};
  std::string certificate_file = {};  // PEM, for nodes that ask for the client's certificate,
  std::string key_file = {};          // and its key, not encrypted.
  std::string consistency = {};       // "LOCAL_QUORUM" unless given.
  std::string local_dc = {};          // Requests stay in this data centre.
  uint32_t io_threads = 1;
  Millis request_timeout{12'000};
  Millis connect_timeout{5'000};
};

// A column of a result or a value of a statement, its type as CQL writes it: "float", "list<int>".
struct ColumnInfo {
  std::string name;
  std::string type;
};

struct Statement {
  int64_t id = -1;
  std::vector<ColumnInfo> columns;  // What the values of a row are bound to.
};

// Rows of a result. The view is valid until the next call on what gave it.
struct Page {
  std::string_view cells;
  size_t rows = 0;  // May be 0 although pages follow.
};

// What became of rows that were submitted, or of a question. Where it is an error, the rows are not
// written or nobody knows.
struct Completion {
  uint64_t token = 0;
  Status outcome;
  bool overloaded = false;  // It failed because the nodes have too much to do, or seem to.
  // A question's answers that differ from each other, one after another, `rows` of them. An answer
  // has for each statement an int32 cell with the number of its rows, then the rows.
  Page answer = {};
  // For a Writer's question (cassandra/writer.h): which of its tables an error of kind schema is
  // about.
  uint32_t table = 0;
};

// The result of a query, read page by page. Belongs to its session's thread and must not outlive
// the session.
class Cursor {
 public:
  // Empty where the statement returns no rows at all.
  [[nodiscard]] const std::vector<ColumnInfo>& columns() const { return columns_; }

  // The next page, or nothing behind the last one. Waits for the server, up to request_timeout.
  [[nodiscard]] Result<std::optional<Page>> next_page();

  // What the server warns of, such as a query that reads all partitions, with the pages that were
  // fetched since the last call. Each sentence comes once.
  [[nodiscard]] std::vector<std::string> take_warnings();

 private:
  friend class Session;
  struct Close {
    void operator()(bridge_query* query) const;
  };
  std::unique_ptr<bridge_query, Close> query_;
  std::vector<ColumnInfo> columns_;
  uint32_t warnings_taken_ = 0;
};

// Belongs to one thread.
class Session {
 public:
  // Waits up to connect_timeout for each contact point and request_timeout for the rest.
  [[nodiscard]] static Result<Session> connect(const Options& options);

  // Runs a statement that returns nothing; after DDL, waits until all nodes know the new schema.
  [[nodiscard]] Status execute(std::string_view cql);

  // Prepares an idempotent statement: it may be sent twice. Waits up to request_timeout.
  [[nodiscard]] Result<Statement> prepare(std::string_view cql);

  // Sends rows, which must fit the statement: one by itself, several as one unlogged batch, which
  // ought to lie in one partition. Copies the cells, does not wait, and has no limit of its own.
  void submit(const Statement& statement, std::string_view cells, size_t rows, uint64_t token);

  // Runs SELECTs of few rows on every node that has answered for rows since the last question that
  // was answered, and on any one where there is none. Does not wait; the answer comes from poll().
  void ask(std::span<const std::string> statements, uint64_t token);

  // Outcomes of what was submitted or asked, waiting up to `wait` for the first; a signal may end
  // the wait early. The span is valid until the next call.
  [[nodiscard]] std::span<Completion> poll(Millis wait);

  // Readable exactly while poll() has outcomes.
  [[nodiscard]] int wait_fd() const;

  // Runs a statement and fetches its first page. Waits up to request_timeout.
  [[nodiscard]] Result<Cursor> query(std::string_view cql, uint32_t page_size = kPageRows);

  static constexpr uint32_t kPageRows = 5'000;

 private:
  struct Close {
    void operator()(bridge_session* session) const;
  };
  struct Inbox;  // Room for completions as the bridge writes them.
  struct CloseInbox {
    void operator()(Inbox* inbox) const;
  };

  std::unique_ptr<bridge_session, Close> session_;
  std::unique_ptr<Inbox, CloseInbox> inbox_;
  std::vector<Completion> completions_;
};

// The version of the bridge.
[[nodiscard]] std::string bridge_version_text();

}  // namespace turntable::cassandra
