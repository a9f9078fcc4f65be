// What the catalogue's tests share: a file that is loaded, what was found in it, and what its
// indexes lead to.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalogue/catalogue.h"

namespace turntable {

inline constexpr uint32_t kNone = ~0U;

// A folder of its own for each test, named in messages by nothing but the file.
class CatalogueTest : public testing::Test {
 protected:
  CatalogueTest() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ =
        std::filesystem::temp_directory_path() /
        ("turntable_catalogue_" + std::string(test->name()) + "_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    options_.path = folder_ / "t.csv";
    options_.key = "k";
    options_.max_left_out_ratio = 1;
  }
  ~CatalogueTest() override { std::filesystem::remove_all(folder_); }

  Result<LoadedCatalogue> load(std::string_view text) {
    std::ofstream(options_.path, std::ios::binary) << text;
    return load_csv_catalogue(options_);
  }
  LoadedCatalogue loaded(std::string_view text) {
    auto result = load(text);
    if (!result) ADD_FAILURE() << result.error().message;
    return result ? std::move(*result) : LoadedCatalogue{};
  }
  // The message without the folder.
  std::string error(std::string_view text) { return message(load(text)); }
  std::string message(const Result<LoadedCatalogue>& result) {
    if (result) return "no error";
    kind_ = result.error().kind;
    return without_folder(result.error().message);
  }
  std::string report(const LoadedCatalogue& table) {
    LoadReport copy = table.report;
    copy.seconds = 0.04;
    return without_folder(copy.text("songs", options_));
  }
  std::string without_folder(std::string text) const {
    const std::string folder = folder_.string() + "/";
    for (size_t at = text.find(folder); at != std::string::npos; at = text.find(folder))
      text.erase(at, folder.size());
    return text;
  }

  static std::vector<uint32_t> find(const Catalogue& catalogue,
                                    const std::vector<std::string_view>& texts) {
    Column keys(Type::text);
    keys.reset(texts.size());
    Selection alive;
    for (uint32_t i = 0; i < texts.size(); ++i) {
      keys.set(i, texts[i]);
      alive.push_back(i);
    }
    std::vector<uint32_t> rows(texts.size());
    catalogue.indexes()[0].find(keys, alive, rows);
    for (uint32_t& row : rows)
      if (row == catalogue.null_row()) row = kNone;
    return rows;
  }
  static std::vector<std::string_view> texts(const Catalogue& catalogue, size_t column) {
    std::vector<std::string_view> values;
    for (size_t row = 0; row < catalogue.rows(); ++row)
      values.push_back(catalogue.columns()[column].get<std::string_view>(row));
    return values;
  }

  std::filesystem::path folder_;
  CatalogueOptions options_;
  ErrorKind kind_ = ErrorKind::interrupted;
};

}  // namespace turntable
