// Rows into Cassandra: batches that are one partition each, a window of requests in flight, retries
// without end.
//
// A batch of rows that was submitted is arranged by table and partition and cut into requests of
// bounded size. All tables share the session and the window: as many requests are out at once as
// the cluster keeps up with (request_window.h), up to a bound; each holds a slot until its rows are
// reported. What came of a request:
//
//   written     its rows are settled, the slot is free
//   transient   the request keeps its slot and is sent again after a backoff of its own, so that
//               partitions whose nodes are there go on while others wait
//   row         a request of several rows is taken apart and each row sent alone; a single row is
//               refused
//   else        the sink has failed: credentials, schema, or what nobody foresaw
//
// A table may be dropped and made anew under the run. The server then tells the driver to prepare
// the INSERT again, which goes through for columns of other types too, and their values are taken
// as they are, byte by byte. So an outcome counts only when the nodes that gave it were asked
// afterwards which tables they have, and they are those that were checked at the start. Until then
// it is settled, but not reported. One question is about all tables and covers all that was settled
// before it.
//
// Rows may be written twice, by a retry after an answer that was lost. Their key makes that the
// same row.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/retry.h"
#include "cassandra/writer.h"
#include "sink/cql_conversion.h"
#include "sink/partition_order.h"
#include "sink/request_window.h"
#include "sink/sink.h"
#include "sink/table.h"

namespace turntable {

struct CassandraSinkOptions {
  cassandra::Options connection = {};
  std::vector<SinkTable> tables = {};  // By their number; at least one. They pass check_table().
  // Called by open() with the session that it has made; an error of it is open()'s.
  std::function<Status(cassandra::Session&)> check = {};
  Backoff::Options backoff{.first = Millis(100), .limit = Millis(5'000)};
  std::shared_ptr<const Clock> clock = std::make_shared<SystemClock>();
};

class CassandraSink final : public Sink {
 public:
  // More than this in flight only adds latency.
  static constexpr size_t kRequestsLimit = 64;
  // Larger batches cost the coordinator more than they save.
  static constexpr size_t kRequestRows = 30;
  // A single larger row is sent by itself.
  static constexpr size_t kRequestBytes = size_t{32} * 1024;
  // With more small requests than this, one node answers no sooner. A cluster of many would; there
  // rows wait for others a moment longer than they must.
  static constexpr size_t kRequestsBusy = 4;
  // How often the nodes are asked about the table while requests are on their way; when none is,
  // they are asked at once.
  static constexpr Millis kConfirmInterval{100};
  // Of rows that are not settled yet; more, and the sink is full.
  static constexpr size_t kHeldBytesLimit = size_t{64} << 20;

  // Connects and prepares. An error of kind transient where no node is there: the caller tries
  // again. Of kind schema where a table is not there or has columns of other types than the rows,
  // each named.
  [[nodiscard]] static Result<std::unique_ptr<CassandraSink>> open(CassandraSinkOptions options);

  // Writes through `writer` and ignores options.connection.
  CassandraSink(std::unique_ptr<cassandra::Writer> writer, CassandraSinkOptions options);

  [[nodiscard]] Status submit(RowBatches& rows) override;
  [[nodiscard]] bool full() const override;
  [[nodiscard]] bool busy() const override {
    return window_.out() >= kRequestsBusy || !window_.open();
  }
  [[nodiscard]] Result<Acks> reap(Millis wait) override;
  [[nodiscard]] size_t in_flight() const override {
    return rows_held_ + settled_.size() + asked_.size();
  }
  [[nodiscard]] int wait_fd() const override { return writer_->wait_fd(); }
  [[nodiscard]] SinkTries tries() const override { return tries_; }
  [[nodiscard]] SinkWindow window() const override { return {window_.out(), window_.size()}; }
  [[nodiscard]] std::string trouble() const override {
    return failing_ == 0 ? std::string() : trouble_;
  }
  [[nodiscard]] std::string name() const override { return name_; }

 private:
  // What is known of a table beside its statement.
  struct Table {
    std::string name;
    PartitionOrder order;
    std::vector<bool> key_cells;  // By cell of a row.
    int64_t ttl_seconds = 0;      // Of all of its rows.
    // By cell of a row: empty where it passes as it is. None at all where all cells do.
    std::vector<CqlConversion> conversions;
    std::vector<std::string> columns = {};  // Their names, for those.
  };
  static std::vector<Table> known(const std::vector<SinkTable>& tables);
  // Rows of one submit() and one table, kept until all of them are settled.
  struct Held {
    uint32_t table = 0;
    uint64_t submit = 0;  // Its number.
    RowBatch rows;
    std::vector<KeyedRow> order;
    size_t next = 0;  // The first of `order` that was never sent.
    size_t unsettled = 0;
  };
  // Rows [begin, end) of a batch's order, all of one kind.
  struct Range {
    Held* held = nullptr;
    size_t begin = 0;
    size_t end = 0;
    [[nodiscard]] size_t rows() const { return end - begin; }
  };
  struct Request {
    explicit Request(const Backoff::Options& options) : retry(options) {}
    enum class State { idle, sent, waiting };
    State state = State::idle;
    Range range;
    uint64_t number = 0;  // The window's, of the last time it was sent.
    Retry retry;
  };

  struct Outcomes {
    explicit Outcomes(size_t tables) : taken(tables) {}
    TakenRows taken;
    std::vector<Acks::Refused> refused;
    [[nodiscard]] size_t size() const { return refused.size() + taken.size(); }
    void clear() {
      taken.clear();
      refused.clear();
    }
    void append(const Outcomes& other) {
      taken.append(other.taken);
      refused.insert(refused.end(), other.refused.begin(), other.refused.end());
    }
  };

  [[nodiscard]] static Error ttl_too_long(const Table& table, const std::string& last_expiry);
  void send_what_is_due();
  void take_in(Millis wait);
  [[nodiscard]] bool confirmation_wanted() const;
  [[nodiscard]] SteadyTime confirmation_due() const;
  [[nodiscard]] bool ask_whether_due();
  void confirmed(const cassandra::Completion& answer);
  [[nodiscard]] Error cannot_write(uint32_t table, const Error& error) const;
  void hold(uint32_t table, RowBatch& rows);
  void convert(uint32_t table, RowBatch& rows);
  [[nodiscard]] std::optional<Range> next_range();
  void send(size_t slot);
  void append_deletion(const Table& table, std::string_view row);
  [[nodiscard]] Millis patience(Millis wait) const;
  void settle(const cassandra::Completion& completion);
  void retry_later(Request& request, const std::string& reason);
  void take_apart(const Range& range);
  void let_go(const Range& range, size_t slot);
  void free_slot(size_t slot);
  [[nodiscard]] double seconds_since(SteadyTime then) const;

  std::unique_ptr<cassandra::Writer> writer_;
  const std::vector<Table> tables_;
  const std::string name_;
  const std::shared_ptr<const Clock> clock_;

  std::vector<std::unique_ptr<Held>> all_held_;  // Owns; used again, for their memory.
  std::vector<Held*> spare_;
  std::deque<Held*> unsent_;  // With rows that were never sent, oldest first.
  uint64_t submits_ = 0;
  std::vector<Range> alone_;  // Rows of requests that were taken apart.
  RequestWindow window_{kRequestsLimit};
  std::vector<Request> requests_;
  std::vector<size_t> idle_;  // Slots of requests_.
  size_t rows_held_ = 0;
  size_t bytes_held_ = 0;
  size_t failing_ = 0;  // Requests that are.
  SteadyTime failing_since_{};
  std::string trouble_;  // Why the last of them failed.
  SinkTries tries_;
  std::optional<Error> failed_;

  Outcomes settled_;   // No question that covers them has been put.
  Outcomes asked_;     // The question that is out covers them.
  Outcomes reported_;  // By the last reap().
  bool asking_ = false;
  bool asks_for_reason_ = false;  // It has failed, and a question may tell why.
  SteadyTime asked_at_{};         // When the last question was put.
  Retry ask_retry_;

  std::string cells_;  // Of the request that is being sent.
  std::string key_;    // Of a deletion in it.
  RowBatch converted_;
};

}  // namespace turntable
