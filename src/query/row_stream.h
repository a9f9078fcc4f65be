// The rows of one statement's result, whichever store they come from, and the store.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "query/statements.h"

namespace turntable {

struct ResultColumn {
  std::string name;
  std::string type;  // As CQL writes it: "float", "list<int>".
};

// Rows as cells of the columns' types (row/cell.h, CQL's wire form). Valid until the next call.
struct ResultPage {
  std::string_view cells;
  size_t rows = 0;
};

// One thread. Must not outlive its store.
class RowStream {
 public:
  virtual ~RowStream() = default;
  // Empty where the statement returns no rows at all, as an INSERT.
  [[nodiscard]] virtual const std::vector<ResultColumn>& columns() const = 0;
  // The next page, maybe without rows; nothing behind the last one.
  [[nodiscard]] virtual Result<std::optional<ResultPage>> next_page() = 0;
  // What the store has warned of since the last call. Nothing is at fault for that.
  [[nodiscard]] virtual std::vector<std::string> take_warnings() { return {}; }
};

// Why a statement could not be run, and where in the whole text the fault is, if the store says so.
struct StoreFault {
  Error error;
  std::optional<TextPlace> at;
};

class RowStore {
 public:
  virtual ~RowStore() = default;
  [[nodiscard]] virtual tl::expected<std::unique_ptr<RowStream>, StoreFault> run(
      const CqlStatement& statement) = 0;
};

}  // namespace turntable
