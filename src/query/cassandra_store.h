// Statements run by Cassandra.
#pragma once

#include <memory>
#include <utility>

#include "cassandra/session.h"
#include "query/row_stream.h"

namespace turntable {

class CassandraStore final : public RowStore {
 public:
  // Waits for the cluster as Session::connect() does.
  [[nodiscard]] static Result<std::unique_ptr<RowStore>> connect(const cassandra::Options& options,
                                                                 uint32_t page_rows);

  [[nodiscard]] tl::expected<std::unique_ptr<RowStream>, StoreFault> run(
      const CqlStatement& statement) override;

 private:
  CassandraStore(cassandra::Session session, uint32_t page_rows)
      : session_(std::move(session)), page_rows_(page_rows) {}
  cassandra::Session session_;
  uint32_t page_rows_;
};

// Takes out of a message of Cassandra's parser ("line 1:7 no viable alternative…") where the fault
// is, and turns it into a place in the whole text.
[[nodiscard]] std::optional<TextPlace> take_place(std::string& message,
                                                  const CqlStatement& statement);

}  // namespace turntable
