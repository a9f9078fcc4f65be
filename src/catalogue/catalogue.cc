#include "catalogue/catalogue.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

#include "base/text.h"
#include "catalogue/csv_loader.h"
#include "catalogue/csv_survey.h"
#include "catalogue/type_inference.h"

namespace turntable {
namespace {

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
  if (rows == 0) out += fmt::format("{}: it has no rows, so that nothing matches\n", table);
  for (const std::string& column : passed_over) out += fmt::format("{}: {}\n", table, column);
  out += finding(table, bad_rows, "left out, because they cannot be read:");
  const char* const counts = options.duplicate_key == DuplicateKey::last ? "last" : "first";
  for (const Index& index : indexes) {
    const auto names = [&](std::string_view between) {
      return fmt::format("'{}'", fmt::join(index.names, between));
    };
    const std::string any = names("' or '");
    out += finding(table, index.empty_keys, fmt::format("left out, because {} is empty:", any));
    out += finding(table, index.failed_keys, fmt::format("left out, because {} failed:", any));
    const std::string all = names("' and '");
    out += finding(
        table, index.duplicate_keys,
        fmt::format("with a {} seen before; the {} of each counts (duplicate_key = '{}'):", all,
                    counts, counts));
  }
  return out;
}

Status check_declared_columns(const CatalogueOptions& options) {
  bool has_key = options.key.empty() || options.declared.empty();
  for (const ColumnDef& column : options.declared) {
    has_key |= column.name == options.key;
    if (!can_read_from_text(column.type))
      return fail(ErrorKind::usage,
                  fmt::format("the column {} of {} cannot be of type {}: declare it as text",
                              quoted(column.name), options.path, sql_name(column.type)));
  }
  if (has_key) return {};
  std::vector<std::string> names;
  for (const ColumnDef& column : options.declared) names.push_back(column.name);
  const std::string similar = did_you_mean(options.key, names);
  return fail(ErrorKind::usage,
              fmt::format("the key {} of {} is not among the declared columns{}{}",
                          quoted(options.key), options.path, similar.empty() ? "" : ".", similar));
}

Result<std::unique_ptr<CatalogueFile>> open_csv_catalogue(const CatalogueOptions& options) {
  auto loader = std::make_unique<CsvLoader>(options);
  RETURN_IF_ERROR(loader->open());
  return loader;
}

Result<LoadedCatalogue> load_csv_catalogue(const CatalogueOptions& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<CatalogueFile> file, open_csv_catalogue(options));
  LoadOrder order;
  for (uint32_t i = 0; i < file->schema().size(); ++i) {
    order.kept.push_back(i);
    if (file->schema()[i].name == options.key)
      order.indexes.push_back({.names = {options.key}, .columns = {i}});
  }
  return file->load(order);
}

}  // namespace turntable
