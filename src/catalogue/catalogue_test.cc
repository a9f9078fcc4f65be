#include "catalogue/catalogue.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/source_dir.h"
#include "catalogue/file_bytes.h"
#include "catalogue/key_form.h"
#include "catalogue/testing.h"
#include "catalogue/type_inference.h"

namespace turntable {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(CatalogueTest, InfersTypesAndIndexesTheKey) {
  const auto table = loaded(
      "k,i,l,d,b,t\r\nab,1,3000000000,0.5,true,007\r\n\"c\"\"d\",\"-2\",5,\"2\",false,\"\"\r\nef,,,"
      ",,\r\n");
  const Catalogue& catalogue = *table.catalogue;
  EXPECT_EQ(schema_tree(catalogue.schema()),
            "root\n |-- k: text (nullable = true)\n |-- i: int (nullable = true)\n |-- l: bigint "
            "(nullable = true)\n"
            " |-- d: double precision (nullable = true)\n |-- b: boolean (nullable = true)\n"
            " |-- t: text (nullable = true)\n");
  EXPECT_EQ(catalogue.rows(), 3U);
  EXPECT_THAT(find(catalogue, {"c\"d", "ef", "xx", "ab", ""}), ElementsAre(1, 2, kNone, 0, kNone));
  const auto columns = catalogue.columns();
  EXPECT_EQ(columns[1].get<int32_t>(1), -2);
  EXPECT_EQ(columns[2].get<int64_t>(0), 3000000000);
  EXPECT_EQ(columns[3].get<double>(1), 2.0);
  EXPECT_EQ(columns[4].get<uint8_t>(0), 1);
  EXPECT_EQ(columns[5].get<std::string_view>(0), "007");
  EXPECT_FALSE(columns[5].is_null(1));
  for (size_t i = 1; i < 6; ++i) {
    EXPECT_EQ(columns[i].rows(), 4U);
    EXPECT_TRUE(columns[i].is_null(2));
  }
}

TEST_F(CatalogueTest, OutlivesTheFile) {
  const auto table = loaded("k,v\na,\"x\"\"y\"\n");
  std::filesystem::remove(options_.path);
  EXPECT_THAT(texts(*table.catalogue, 1), ElementsAre("x\"y"));
}

TEST_F(CatalogueTest, TakesNumbersForKeys) {
  const auto table = loaded("k,v\n10,a\n20,b\n");
  Column keys(Type::int32);
  keys.reset(3);
  keys.set<int32_t>(0, 20);
  keys.set<int32_t>(2, 30);
  std::vector<uint32_t> rows(3);
  table.catalogue->indexes()[0].find(keys, {0, 1, 2}, rows);
  EXPECT_THAT(rows, ElementsAre(1, 2, 2)) << "2 is the null row";
}

TEST_F(CatalogueTest, TakesDeclaredColumnsByNameInTheirOrder) {
  options_.declared = {
      {"d", Type::float32, false}, {"k", Type::text, true}, {"at", Type::timestamptz, false}};
  const auto table = loaded("k,unused,at,d\n7,x,2024-03-03T10:15Z,1.5\n8,y,,\n");
  EXPECT_EQ(table.catalogue->schema()[0].name, "d");
  EXPECT_EQ(table.catalogue->columns()[0].get<float>(0), 1.5F);
  EXPECT_TRUE(table.catalogue->columns()[0].is_null(1));
  EXPECT_EQ(table.catalogue->columns()[2].get<int64_t>(0), 1'709'460'900'000'000);
  EXPECT_THAT(find(*table.catalogue, {"8", "7"}), ElementsAre(1, 0));
}

TEST_F(CatalogueTest, NotesRowsThatDoNotFitTheirDeclaredTypes) {
  options_.declared = {
      {"k", Type::text, true}, {"n", Type::int32, true}, {"x", Type::float64, false}};
  const auto table = loaded("k,n,x\na,1,0.5\nb,zwei,1\nc,,1\nd,3000000000,1\ne,1,\"\"\nf,2,\n");
  EXPECT_THAT(texts(*table.catalogue, 0), ElementsAre("a", "f"));
  EXPECT_THAT(table.report.bad_rows.first,
              ElementsAre("line 3: column 'n' is 'zwei', which int cannot hold",
                          "line 4: column 'n' is empty, but it must have a value",
                          "line 5: column 'n' is '3000000000', which int cannot hold",
                          "line 6: column 'x' is '', which double precision cannot hold; where "
                          "that means NULL, set null = '\"\"'"));
}

TEST_F(CatalogueTest, NotesRowsThatAreNoRowsAndKeepsTheRest) {
  const auto table = loaded("k,n\na,1\nb\nc,1,2\n\"d\"x,1\n\"e,\n1\",2,3\nf\xff,x\ng,2\n\"h,3\n");
  EXPECT_THAT(texts(*table.catalogue, 0), ElementsAre("a", "g"));
  EXPECT_EQ(table.catalogue->schema()[1].type, Type::int32)
      << "what is left out has no say in the types";
  EXPECT_EQ(table.report.bad_rows.count, 6U);
  EXPECT_THAT(
      table.report.bad_rows.first,
      ElementsAre("line 3: 1 field where the header has 2",
                  "line 4: 3 fields where the header has 2", "line 5: text follows a closing quote",
                  "lines 6 to 7: 3 fields where the header has 2",
                  "line 8: column 'k' is not valid UTF-8: 'f\\xff'"));
}

TEST_F(CatalogueTest, LeavesOutRowsWithoutAKey) {
  const auto table = loaded("k,v\na,1\n,2\n\"\",3\nb,4\n");
  EXPECT_EQ(table.report.rows, 3U);
  EXPECT_EQ(table.report.indexes[0].empty_keys.count, 1U);
  EXPECT_THAT(table.report.indexes[0].empty_keys.first, ElementsAre("line 3"));
  EXPECT_THAT(find(*table.catalogue, {"", "b"}), ElementsAre(1, 2)) << "an empty text is a value";
}

constexpr std::string_view kDuplicates = "k,v\na,1\nb,2\na,3\na,\nc,5\nb,6\n";

TEST_F(CatalogueTest, KeepsTheFirstOfDuplicateKeys) {
  const auto table = loaded(kDuplicates);
  EXPECT_THAT(texts(*table.catalogue, 0), ElementsAre("a", "b", "c"));
  EXPECT_EQ(table.catalogue->columns()[1].get<int32_t>(0), 1);
  EXPECT_EQ(table.catalogue->columns()[1].get<int32_t>(1), 2);
  EXPECT_EQ(
      report(table),
      "songs: 3 rows from t.csv (27 bytes) in 0.04 s\n"
      "songs: 3 rows with a 'k' seen before; the first of each counts (duplicate_key = 'first'):\n"
      "  line 4: 'a' stands on line 2 already\n"
      "  line 5: 'a' stands on line 2 already\n"
      "  line 7: 'b' stands on line 3 already\n");
}

TEST_F(CatalogueTest, KeepsTheLastOfDuplicateKeys) {
  options_.duplicate_key = DuplicateKey::last;
  const auto table = loaded(kDuplicates);
  const Column& values = table.catalogue->columns()[1];
  const auto rows = find(*table.catalogue, {"a", "b", "c"});
  EXPECT_TRUE(values.is_null(rows[0]));
  EXPECT_EQ(values.get<int32_t>(rows[1]), 6);
  EXPECT_EQ(values.get<int32_t>(rows[2]), 5);
  EXPECT_EQ(table.report.rows, 3U);
  EXPECT_EQ(table.report.indexes[0].duplicate_keys.count, 3U);
  EXPECT_THAT(report(table), HasSubstr("the last of each counts (duplicate_key = 'last')"));
}

// Wherever a part of the text ends: within a row, a quoted field, a line break, a fault.
TEST_F(CatalogueTest, IsTheSameWholeInPartsOfAnySize) {
  std::string text = "k,v,w\r\n";
  for (int i = 0; i < 40; ++i) {
    const std::string n = std::to_string(i);
    text += "key" + n + ",\"line\nbreak \"\"" + n + "\"\"\r\n\",1\r\n";
    if (i % 3 == 0) text += "\n\r\n\r";
    if (i % 5 == 0) text += "key" + n + ",again,0.5\n";
    if (i % 7 == 0) text += "too,few\r,no key,2\n\"stray,\xff,2\n\"a\"b,1,2\n";
    if (i % 11 == 0) text += std::string(300, 'x') + ",a long one,7\n";
  }
  for (const DuplicateKey rule : {DuplicateKey::first, DuplicateKey::last}) {
    options_.duplicate_key = rule;
    options_.part_bytes = text.size();
    const auto whole = loaded(text);
    ASSERT_GE(whole.report.rows, 40U);
    ASSERT_GT(whole.report.indexes[0].duplicate_keys.count, 5U);
    ASSERT_GT(whole.report.bad_rows.count, 15U);
    for (size_t part_bytes = 1; part_bytes < 100; ++part_bytes) {
      options_.part_bytes = part_bytes;
      const auto parts = loaded(text);
      ASSERT_EQ(report(parts), report(whole)) << part_bytes;
      ASSERT_EQ(schema_tree(parts.catalogue->schema()), schema_tree(whole.catalogue->schema()));
      for (size_t column = 0; column < 2; ++column)
        ASSERT_EQ(texts(*parts.catalogue, column), texts(*whole.catalogue, column)) << part_bytes;
      ASSERT_EQ(find(*parts.catalogue, {"key0", "key39", "too", ""}),
                find(*whole.catalogue, {"key0", "key39", "too", ""}));
    }
    options_.part_bytes = 3;
    EXPECT_THAT(error(text + "cut"), HasSubstr("ends in the middle of a row"));
  }
}

// Of many duplicates, the one that stands first in the file is named, whichever part is read first.
TEST_F(CatalogueTest, NamesTheFirstDuplicateOfTheFile) {
  std::string text = "k\n";
  for (int i = 0; i < 2000; ++i) text += std::to_string(i % 1000) + "\n";
  options_.duplicate_key = DuplicateKey::error;
  options_.part_bytes = 10;
  EXPECT_EQ(error(text),
            "t.csv:1002: the key 0 stands on line 2 already, and duplicate_key is 'error'");
}

// What is not asked for is let go of; a visitor has seen it.
TEST_F(CatalogueTest, KeepsTheColumnsThatAreWanted) {
  class Visitor final : public RowVisitor {
   public:
    void begin(size_t rows, size_t workers) override {
      EXPECT_EQ(rows, 301U) << "the null row included";
      EXPECT_GE(workers, 1U);
      seen_.resize(rows);
    }
    void visit(size_t, uint32_t first, std::span<const Column> columns,
               const Selection& rows) override {
      for (size_t i = 0; i < rows.size(); ++i) {
        const std::string_view text = columns[1].get<std::string_view>(rows[i]);
        seen_[first + i] =
            std::string(text) + " " + std::to_string(columns[2].get<int32_t>(rows[i]));
      }
    }
    void visit_null_row(uint32_t row, std::span<const Column> columns) override {
      EXPECT_EQ(row, 300U);
      EXPECT_EQ(columns.size(), 3U);
      for (const Column& column : columns) EXPECT_TRUE(column.rows() == 1 && column.is_null(0));
      seen_[row] = "null";
    }
    std::vector<std::string> seen_;
  } visitor;
  std::string text = "k,v,n\n";
  for (int i = 0; i < 300; ++i)
    text += "key" + std::to_string(i) + ",\"\"\"" + std::to_string(i) + "\"," + std::to_string(i) +
            "\n";
  std::ofstream(options_.path, std::ios::binary) << text;
  options_.part_bytes = 50;
  const auto file = open_csv_catalogue(options_);
  ASSERT_TRUE(file) << file.error().message;
  const auto table = (*file)->load({.kept = {2},
                                    .read = {1},
                                    .indexes = {{.names = {"k"}, .columns = {0}}},
                                    .visitors = {&visitor}});
  ASSERT_TRUE(table) << table.error().message;
  const Catalogue& catalogue = *table->catalogue;
  EXPECT_EQ(catalogue.columns()[0].rows(), 301U);
  EXPECT_EQ(catalogue.columns()[1].rows(), 0U);
  EXPECT_EQ(catalogue.columns()[2].rows(), 301U);
  EXPECT_EQ(catalogue.null_row(), 300U);
  EXPECT_TRUE(catalogue.columns()[0].is_null(300) && catalogue.columns()[2].is_null(300));
  EXPECT_EQ(visitor.seen_[300], "null");
  for (uint32_t i = 0; i < 300; ++i) {
    const std::string n = std::to_string(i);
    EXPECT_EQ(catalogue.columns()[0].get<std::string_view>(i), "key" + n);
    EXPECT_EQ(catalogue.columns()[2].get<int32_t>(i), static_cast<int32_t>(i));
    EXPECT_EQ(visitor.seen_[i], "\"" + n + " " + n);
  }
}

TEST_F(CatalogueTest, RefusesDuplicateKeysWhereTheyAreErrors) {
  options_.duplicate_key = DuplicateKey::error;
  EXPECT_EQ(error(kDuplicates),
            "t.csv:4: the key 'a' stands on line 2 already, and duplicate_key is 'error'");
  EXPECT_EQ(loaded("k\na\nb\n").report.rows, 2U);
}

TEST_F(CatalogueTest, ShowsTheFirstFiveOfEachFinding) {
  std::string text = "k,v\nx,1\n";
  for (int i = 0; i < 1234; ++i) text += "bad\n";
  for (int i = 0; i < 6; ++i) text += ",1\n";
  EXPECT_EQ(report(loaded(text)),
            "songs: 1 row from t.csv (5.0 kB) in 0.04 s\n"
            "songs: 1,234 rows left out, because they cannot be read:\n"
            "  line 3: 1 field where the header has 2\n"
            "  line 4: 1 field where the header has 2\n"
            "  line 5: 1 field where the header has 2\n"
            "  line 6: 1 field where the header has 2\n"
            "  line 7: 1 field where the header has 2\n"
            "  and 1,229 more\n"
            "songs: 6 rows left out, because 'k' is empty:\n"
            "  line 1237\n  line 1238\n  line 1239\n  line 1240\n  line 1241\n"
            "  and 1 more\n");
}

TEST_F(CatalogueTest, SaysWhatIsWrongWithTheHeader) {
  EXPECT_EQ(error(""), "t.csv is empty: a first line with the names of the columns was expected");
  EXPECT_EQ(error("\xEF\xBB\xBF\n\n"),
            "t.csv is empty: a first line with the names of the columns was expected");
  EXPECT_EQ(error("\nk,v,k\n1,2,3\n"),
            "columns 1 and 3 of t.csv are both named 'k': rename one of them");
  EXPECT_EQ(error("\"k,v\n1,2\n"),
            "t.csv:1: in the header, a quote is opened that is never closed");
  EXPECT_EQ(kind_, ErrorKind::failed);
  EXPECT_EQ(error("k,v\nonly\n"),
            "t.csv has no row that can be used; the first: line 2: 1 field where the header has 2");
  EXPECT_EQ(error("k,v\n,1\n"), "t.csv has no row that can be used; the first: line 2 has no key");
}

TEST_F(CatalogueTest, AFileThatIsCutOffIsNoCatalogue) {
  EXPECT_EQ(
      error("k,v\na,1\nb,2\n\"c"),
      "t.csv ends in the middle of a row, as if it were cut off: line 4: a quote is opened that is "
      "never closed");
  EXPECT_EQ(
      error("k,v\na,1\nb"),
      "t.csv ends in the middle of a row, as if it were cut off: line 3: 1 field where the header "
      "has 2");
  EXPECT_EQ(kind_, ErrorKind::failed);
}

TEST_F(CatalogueTest, SaysWhichColumnIsNotThere) {
  options_.key = "nam";
  EXPECT_EQ(error("name,tempo\na,1\n"),
            "t.csv:1: there is no column 'nam' to be the key. Did you mean 'name'?");
  EXPECT_EQ(kind_, ErrorKind::usage);
  options_.key = "name";
  options_.declared = {{"name", Type::text, false}, {"tmpo", Type::float32, false}};
  EXPECT_EQ(error("name,tempo\na,1\n"),
            "t.csv:1: there is no column 'tmpo'. Did you mean 'tempo'?");
  // Each as it is written where the name stands: in CREATE TABLE, and in the option.
  options_.declared = {{"name", Type::text, false}, {"locationid", Type::int32, false}};
  EXPECT_EQ(error("name,LocationID\na,1\n"),
            "t.csv:1: there is no column 'locationid'. Did you mean \"LocationID\"?");
  options_.declared = {{"name", Type::text, false}, {"ordre", Type::int32, false}};
  EXPECT_EQ(error("name,order\na,1\n"),
            "t.csv:1: there is no column 'ordre'. Did you mean \"order\"?");
  options_.declared = {};
  options_.key = "locationid";
  EXPECT_EQ(error("LocationID,x\na,1\n"),
            "t.csv:1: there is no column 'locationid' to be the key. Did you mean 'LocationID'?");
  options_.declared = {{"locationid", Type::text, false}};
  options_.key = "LocationID";
  EXPECT_EQ(error("locationid,x\na,1\n"),
            "the key 'LocationID' of t.csv is not among the declared columns. Did you mean "
            "'locationid'?");
  options_.key = "name";
  options_.declared = {{"tempo", Type::float32, false}};
  EXPECT_EQ(error("name,tempo\na,1\n"),
            "the key 'name' of t.csv is not among the declared columns");
  options_.declared = {{"name", Type::text, false}, {"tempo", Type::interval, false}};
  EXPECT_EQ(error("name,tempo\na,1\n"),
            "the column 'tempo' of t.csv cannot be of type interval: declare it as text");
}

TEST_F(CatalogueTest, KeepsAllRowsWhereNoKeyIsNamed) {
  options_.key.clear();
  const auto table = loaded("k,v\na,1\na,2\n,3\n");
  EXPECT_EQ(table.catalogue->rows(), 3U);
  EXPECT_EQ(table.report.rows, 3U);
  EXPECT_TRUE(table.catalogue->indexes().empty());
  EXPECT_EQ(report(table), "songs: 3 rows from t.csv (15 bytes) in 0.04 s\n");
}

// One key is the same number however it is written.
TEST_F(CatalogueTest, TakesFractionsForKeys) {
  options_.declared = {{"k", Type::float64, false}, {"v", Type::text, false}};
  const auto table = loaded("k,v\n1.00,a\n-0,b\nNaN,c\n,d\n1,e\n0,f\n-NaN,g\n");
  const Catalogue& catalogue = *table.catalogue;
  EXPECT_THAT(texts(catalogue, 1), ElementsAre("a", "b", "c"));
  EXPECT_EQ(report(table),
            "songs: 3 rows from t.csv (40 bytes) in 0.04 s\n"
            "songs: 1 row left out, because 'k' is empty:\n"
            "  line 5\n"
            "songs: 3 rows with a 'k' seen before; the first of each counts (duplicate_key = "
            "'first'):\n"
            "  line 6: '1' stands on line 2 already\n"
            "  line 7: '0' stands on line 3 already\n"
            "  line 8: 'NaN' stands on line 4 already\n");
  Column keys(Type::float64);
  keys.reset(4);
  keys.set(0, 0.0);
  keys.set(1, 1.0);
  keys.set(2, std::nan("7"));
  KeyForm form({Type::float64});
  const Column* const parts[] = {&keys};
  std::vector<uint32_t> rows(4);
  catalogue.indexes()[0].find(form.of(parts, {0, 1, 2, 3}), {0, 1, 2, 3}, rows);
  EXPECT_THAT(rows, ElementsAre(1, 0, 2, catalogue.null_row()));
}

// Equal values are the same key, however they are written.
TEST_F(CatalogueTest, TakesEveryTypeForKeys) {
  struct Case {
    Type type;
    std::string_view in_file;
    std::string_view same;
    std::string_view other;
  };
  for (const Case& one :
       {Case{Type::numeric, "1.00", "1", "1.01"}, Case{Type::numeric, "NaN", "nan", "0"},
        Case{Type::int16, "7", "+7", "-7"},
        Case{Type::uuid, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
             "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}", "00000000-9c0b-4ef8-bb6d-6bb9bd380a11"},
        Case{Type::date, "2024-02-29", " 2024-02-29 ", "2024-03-01"},
        Case{Type::time, "10:15", "10:15:00.000", "10:15:00.000001"},
        Case{Type::timestamp, "2024-02-29", "2024-02-29T00:00:00", "2024-02-29 00:00:01"}}) {
    options_.declared = {{"k", one.type, false}, {"v", Type::text, false}};
    const auto table = loaded(fmt::format("k,v\n{},a\n{},b\n", one.in_file, one.same));
    EXPECT_EQ(table.report.indexes[0].duplicate_keys.count, 1U) << one.in_file;
    Column keys(one.type);
    keys.reset(2);
    Arena made;
    ASSERT_TRUE(set_from_text(keys, 0, one.same, made));
    ASSERT_TRUE(set_from_text(keys, 1, one.other, made));
    KeyForm form({one.type});
    const Column* const parts[] = {&keys};
    const Selection both{0, 1};
    std::vector<uint32_t> rows(2);
    table.catalogue->indexes()[0].find(form.of(parts, both), both, rows);
    EXPECT_EQ(rows[0], 0U) << one.same;
    EXPECT_EQ(rows[1], table.catalogue->null_row()) << one.other;
  }
}

TEST_F(CatalogueTest, SaysWhyAFileCannotBeRead) {
  EXPECT_EQ(message(load_csv_catalogue(options_)), "cannot open t.csv: No such file or directory");
  options_.path = folder_;
  EXPECT_THAT(message(load_csv_catalogue(options_)), HasSubstr("it is a directory"));
}

TEST(FileBytes, RefusesAFileWhoseSizeDoesNotHold) {
  // The kernel gives these a size of 0 and a content.
  const auto result = read_file_bytes("/proc/self/status");
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("changed while it was read"));
}

TEST(FileBytes, ReadsPipesToTheirEnd) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "k,v\n", 4), 4);
  ::close(ends[1]);
  const auto result = read_file_bytes("/dev/fd/" + std::to_string(ends[0]));
  ::close(ends[0]);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->view(), "k,v\n");
}

TEST(FileBytes, BoundsWhatIsRead) {
  const auto pipe_of = [](const std::string& text, size_t limit) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    EXPECT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(ends[1]);
    auto result = read_file_bytes("/dev/fd/" + std::to_string(ends[0]), limit);
    ::close(ends[0]);
    return result;
  };
  EXPECT_EQ(pipe_of("k,v\n", 4)->view(), "k,v\n");
  EXPECT_THAT(pipe_of("k,v\n1", 4).error().message, HasSubstr("it has more than 4 bytes"));
  // Without an end.
  EXPECT_THAT(read_file_bytes("/dev/zero", 1'000'000).error().message,
              HasSubstr("more than 1,000,000 bytes"));
}

// One that is all holes: nothing of it is read.
TEST_F(CatalogueTest, RefusesAFileThatIsTooLarge) {
  std::ofstream(options_.path) << "k,v\n1,2\n";
  std::filesystem::resize_file(options_.path, kCatalogueBytesLimit + 1);
  EXPECT_THAT(message(load_csv_catalogue(options_)),
              HasSubstr("cannot read t.csv: it has more than 4,294,967,296 bytes"));
}

// A million line breaks are no million rows.
TEST_F(CatalogueTest, ReservesRoomByWhatRowsCanBeThere) {
  std::string text = "k";
  for (int i = 0; i < 500; ++i) text += ",c" + std::to_string(i);
  text += "\n" + std::string(4'000'000, '\n') + "x" + std::string(500, ',') + "\n";
  EXPECT_EQ(loaded(text).catalogue->rows(), 1U);
}

TEST_F(CatalogueTest, LoadsTheSampleSongs) {
  options_.path = source_path("data/spotify-songs.csv");
  options_.key = "name";
  const auto result = load_csv_catalogue(options_);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->report.bad_rows.count, 0U);
  const Catalogue& songs = *result->catalogue;
  EXPECT_GT(songs.rows(), 100U);
  // One row per key, and every key finds its own.
  const auto names = texts(songs, 0);
  EXPECT_EQ(std::set(names.begin(), names.end()).size(), names.size());
  const auto rows = find(songs, names);
  for (uint32_t i = 0; i < rows.size(); ++i) ASSERT_EQ(rows[i], i);
  std::vector<std::string> types;
  for (const ColumnDef& column : songs.schema())
    types.push_back(column.name + " " + std::string(sql_name(column.type)));
  EXPECT_THAT(types, testing::IsSupersetOf({"name text", "artists text", "duration_ms int",
                                            "tempo double precision"}));
}

}  // namespace
}  // namespace turntable
