#include "query/cassandra_store.h"

#include <charconv>

namespace turntable {
namespace {

class CassandraStream final : public RowStream {
 public:
  explicit CassandraStream(cassandra::Cursor cursor) : cursor_(std::move(cursor)) {
    for (const cassandra::ColumnInfo& column : cursor_.columns())
      columns_.push_back({column.name, column.type});
  }

  const std::vector<ResultColumn>& columns() const override { return columns_; }

  Result<std::optional<ResultPage>> next_page() override {
    ASSIGN_OR_RETURN(const auto page, cursor_.next_page());
    if (!page) return std::nullopt;
    return ResultPage{.cells = page->cells, .rows = page->rows};
  }

  std::vector<std::string> take_warnings() override { return cursor_.take_warnings(); }

 private:
  cassandra::Cursor cursor_;
  std::vector<ResultColumn> columns_;
};

// A number at the front of the text, which loses it.
std::optional<size_t> take_number(std::string_view& text) {
  size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

}  // namespace

std::optional<TextPlace> take_place(std::string& message, const CqlStatement& statement) {
  constexpr std::string_view kMark = "line ";
  const size_t begin = message.find(kMark);
  if (begin == std::string::npos) return std::nullopt;
  std::string_view rest = std::string_view(message).substr(begin + kMark.size());
  const std::optional<size_t> line = take_number(rest);
  if (!line || *line == 0 || !rest.starts_with(':')) return std::nullopt;
  rest.remove_prefix(1);
  // Lines count from 1, columns from 0, both within the statement.
  const std::optional<size_t> column = take_number(rest);
  if (!column || !rest.starts_with(' ')) return std::nullopt;
  message.erase(begin, message.size() - rest.size() + 1 - begin);
  return TextPlace{.line = statement.at.line + *line - 1,
                   .column = (*line == 1 ? statement.at.column : 1) + *column};
}

Result<std::unique_ptr<RowStore>> CassandraStore::connect(const cassandra::Options& options,
                                                          uint32_t page_rows) {
  ASSIGN_OR_RETURN(cassandra::Session session, cassandra::Session::connect(options));
  return std::unique_ptr<RowStore>(new CassandraStore(std::move(session), page_rows));
}

tl::expected<std::unique_ptr<RowStream>, StoreFault> CassandraStore::run(
    const CqlStatement& statement) {
  auto cursor = session_.query(statement.text, page_rows_);
  if (!cursor) {
    const std::optional<TextPlace> at = take_place(cursor.error().message, statement);
    return tl::unexpected(StoreFault{std::move(cursor.error()), at});
  }
  return std::make_unique<CassandraStream>(std::move(*cursor));
}

}  // namespace turntable
