#include "catalogue/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/text.h"
#include "catalogue/csv_loader.h"

namespace turntable {
namespace {

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

  void keep_only(std::span<const uint32_t> columns) override {
    Arena kept;
    for (uint32_t i = 0; i < table_.columns.size(); ++i) {
      Column& column = table_.columns[i];
      const bool wanted =
          i == table_.key || std::find(columns.begin(), columns.end(), i) != columns.end();
      if (!wanted) {
        column = Column(column.type());
      } else if (column.type() == Type::text) {
        auto* const texts = column.data<std::string_view>();
        for (size_t row = 0; row < table_.rows; ++row)
          if (!column.is_null(row)) texts[row] = kept.copy(texts[row]);
      }
    }
    table_.unquoted = std::move(kept);
    table_.file = {};
  }

 private:
  CsvTable table_;
};

std::string file_size(uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} bytes", bytes);
  if (bytes < 1'000'000) return fmt::format("{:.1f} kB", static_cast<double>(bytes) / 1e3);
  if (bytes < 1'000'000'000) return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
  return fmt::format("{:.1f} GB", static_cast<double>(bytes) / 1e9);
}

std::string rows_text(uint64_t count) {
  return grouped(count) + (count == 1 ? " row" : " rows");
}

std::string finding(const std::string& table, const LoadReport::Noted& noted,
                    const std::string& what) {
  if (noted.count == 0) return {};
  std::string out = fmt::format("{}: {} {}\n", table, rows_text(noted.count), what);
  for (const std::string& line : noted.first) out += fmt::format("  {}\n", line);
  if (noted.count > noted.first.size())
    out += fmt::format("  and {} more\n", grouped(noted.count - noted.first.size()));
  return out;
}

}  // namespace

std::string LoadReport::text(const std::string& table, const CatalogueOptions& options) const {
  std::string out = fmt::format("{}: {} from {} ({}) in {:.2f} s\n", table, rows_text(rows),
                                options.path, file_size(bytes), seconds);
  out += finding(table, bad_rows, "left out, because they cannot be read:");
  out += finding(table, empty_keys, fmt::format("left out, because '{}' is empty:", options.key));
  const bool last = options.duplicate_key == DuplicateKey::last;
  out +=
      finding(table, duplicate_keys,
              fmt::format("with a '{}' seen before; the {} of each counts (duplicate_key = '{}'):",
                          options.key, last ? "last" : "first", last ? "last" : "first"));
  return out;
}

Result<LoadedCatalogue> load_csv_catalogue(const CatalogueOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  CsvLoader loader(options);
  ASSIGN_OR_RETURN(CsvTable table, loader.load());
  LoadReport report = loader.report();
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return LoadedCatalogue{std::make_shared<CsvCatalogue>(std::move(table)), std::move(report)};
}

}  // namespace turntable
