#include "catalogue/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "base/source_dir.h"

namespace turntable {
namespace {

using Rows = std::vector<std::vector<std::string>>;

struct Reading {
  Rows rows;
  std::vector<std::vector<bool>> quoted;
  std::vector<uint64_t> lines;      // Where each good row begins.
  std::vector<std::string> faults;  // "2: why" or "2-5: why".
};

Reading read(std::string_view text, CsvDialect dialect = {}) {
  Arena arena;
  CsvReader reader(text, dialect, arena);
  Reading reading;
  while (const auto row = reader.next()) {
    if (!row->fault.empty()) {
      const std::string last =
          row->last_line == row->line ? "" : "-" + std::to_string(row->last_line);
      reading.faults.push_back(std::to_string(row->line) + last + ": " + std::string(row->fault));
      continue;
    }
    auto& fields = reading.rows.emplace_back();
    auto& quoted = reading.quoted.emplace_back();
    for (const CsvField& field : row->fields) {
      fields.emplace_back(field.text);
      quoted.push_back(field.quoted);
    }
    reading.lines.push_back(row->line);
  }
  return reading;
}

std::string corpus(const std::string& name) {
  std::ifstream file(source_path("tests/corpora/csv-spectrum/csvs/") + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Csv, ReadsTheWholeSpectrum) {
  const Rows simple = {{"a", "b", "c"}, {"1", "2", "3"}};
  const Rows empty = {{"a", "b", "c"}, {"1", "", ""}, {"2", "3", "4"}};
  const auto newlines = [](const std::string& line_break) {
    return Rows{{"a", "b", "c"},
                {"1", "2", "3"},
                {"Once upon " + line_break + "a time", "5", "6"},
                {"7", "8", "9"}};
  };
  const std::vector<std::pair<std::string, Rows>> expected = {
      {"comma_in_quotes.csv",
       {{"first", "last", "address", "city", "zip"},
        {"John", "Doe", "120 any st.", "Anytown, WW", "08123"}}},
      {"empty.csv", empty},
      {"empty_crlf.csv", empty},
      {"escaped_quotes.csv", {{"a", "b"}, {"1", "ha \"ha\" ha"}, {"3", "4"}}},
      {"json.csv", {{"key", "val"}, {"1", R"({"type": "Point", "coordinates": [102.0, 0.5]})"}}},
      {"location_coordinates.csv",
       {{"Contact Phone Number", "Location Coordinates", "Cities", "Counties"},
        {"2095257564",
         "37\xEF\xBF\xBD"
         "36'37.8\"N 121\xEF\xBF\xBD"
         "2'17.9\"W",
         "Modesto", "Stanislaus"}}},
      {"newlines.csv", newlines("\n")},
      {"newlines_crlf.csv", newlines("\r\n")},
      {"quotes_and_newlines.csv", {{"a", "b"}, {"1", "ha \n\"ha\" \nha"}, {"3", "4"}}},
      {"simple.csv", simple},
      {"simple_crlf.csv", simple},
      {"utf8.csv", {{"a", "b", "c"}, {"1", "2", "3"}, {"4", "5", "ʤ"}}},
  };
  for (const auto& [name, rows] : expected) {
    const Reading reading = read(corpus(name));
    EXPECT_EQ(reading.rows, rows) << name;
    EXPECT_THAT(reading.faults, testing::IsEmpty()) << name;
  }
}

TEST(Csv, KeepsLineBreaksDelimitersAndQuotesInQuotedFields) {
  EXPECT_EQ(read("\"a,b\",\"c\r\nd\",\"\"\"\",\"e\"\"\"\n").rows,
            (Rows{{"a,b", "c\r\nd", "\"", "e\""}}));
}

TEST(Csv, TellsQuotedEmptyFieldsFromEmptyOnes) {
  const Reading reading = read(",\"\",x\n");
  EXPECT_EQ(reading.rows, (Rows{{"", "", "x"}}));
  EXPECT_EQ(reading.quoted[0], (std::vector<bool>{false, true, false}));
}

TEST(Csv, EndsRowsAtLfCrlfAndCr) {
  const Rows rows = {{"a", "b"}, {"c", "d"}, {"e", ""}};
  for (const char* text :
       {"a,b\nc,d\ne,", "a,b\r\nc,d\r\ne,\r\n", "a,b\rc,d\re,\r", "a,b\r\nc,d\re,\n"})
    EXPECT_EQ(read(text).rows, rows) << text;
}

TEST(Csv, SkipsBlankLinesAndAByteOrderMark) {
  const Reading reading = read("\xEF\xBB\xBF\n\r\na,b\n\n\r\n\rc,d\n\n");
  EXPECT_EQ(reading.rows, (Rows{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(reading.lines, (std::vector<uint64_t>{3, 7}));
  EXPECT_TRUE(read("").rows.empty());
  EXPECT_TRUE(read("\xEF\xBB\xBF").rows.empty());
  EXPECT_TRUE(read("\n\n").rows.empty());
}

TEST(Csv, TakesOtherDelimitersAndNulBytes) {
  EXPECT_EQ(read("a;b,c;\"d;e\"\n", {.delimiter = ';'}).rows, (Rows{{"a", "b,c", "d;e"}}));
  EXPECT_EQ(read(std::string_view("a\0b,c", 5)).rows, (Rows{{std::string("a\0b", 3), "c"}}));
}

// As Spark 3.5 writes and reads them.
TEST(Csv, AnEscapeStandsBeforeAQuoteOrItselfWithinQuotes) {
  const CsvDialect spark{.escape = '\\'};
  const auto field = [&](std::string_view text) {
    const Reading reading = read(std::string(text) + ",x\n", spark);
    return reading.rows.size() == 1 && reading.rows[0].size() == 2 ? reading.rows[0][0] : "?";
  };
  EXPECT_EQ(field(R"("say \"hi\"")"), R"(say "hi")");
  EXPECT_EQ(field(R"("\"")"), R"(")");
  EXPECT_EQ(field(R"("a\\\"b")"), R"(a\"b)");
  EXPECT_EQ(field(R"("a\\,b")"), R"(a\,b)");
  EXPECT_EQ(field(R"("a,b\\")"), R"(a,b\)");
  EXPECT_EQ(field(R"("\\\"")"), R"(\")");
  EXPECT_EQ(field(R"("a\nb")"), R"(a\nb)") << "no escape of another character";
  EXPECT_EQ(field(R"(a\"b)"), R"(a\"b)") << "none outside of quotes";
  EXPECT_EQ(field(R"(a\\b)"), R"(a\\b)");
  EXPECT_EQ(field(R"(\)"), R"(\)");
  EXPECT_EQ(field(R"("a""b")"), R"(a"b)") << "doubled as before";
  EXPECT_EQ(field("\"x\ny\\\\\""), "x\ny\\");
  EXPECT_EQ(field("\"\""), "");
}

TEST(Csv, AnEscapedQuoteDoesNotCloseTheField) {
  const CsvDialect spark{.escape = '\\'};
  EXPECT_THAT(read("\"a\\\",b\n", spark).faults,
              testing::ElementsAre("1: a quote is opened that is never closed"));
  EXPECT_THAT(read("\"a\\\"", spark).faults,
              testing::ElementsAre("1: a quote is opened that is never closed"));
  EXPECT_THAT(read("\"a\\\\\"b,1\n", spark).faults,
              testing::ElementsAre("1: text follows a closing quote"));
  // Lines are counted on behind it.
  EXPECT_EQ(read("\"a\n\\\"\n\",1\nb,2\n", spark).lines, (std::vector<uint64_t>{1, 4}));
  // Another character, and none.
  EXPECT_EQ(read("\"a^\"b\",1\n", {.escape = '^'}).rows, (Rows{{"a\"b", "1"}}));
  EXPECT_THAT(read("\"a\\\"b\",1\n").faults,
              testing::ElementsAre("1: text follows a closing quote"));
}

TEST(Csv, TakesAQuoteInsideAnUnquotedFieldAsItself) {
  EXPECT_EQ(read("7\" single,a\"b\"\"c\n").rows, (Rows{{"7\" single", "a\"b\"\"c"}}));
}

TEST(Csv, CountsLinesThroughQuotedBreaks) {
  EXPECT_EQ(read("a\n\"1\n2\r\n3\r4\"\nb\n").lines, (std::vector<uint64_t>{1, 2, 6}));
}

TEST(Csv, LosesOneLineToAnUnclosedQuote) {
  const Reading reading = read("a,b\n1,\"x\n2,y\n3,z\n");
  EXPECT_EQ(reading.rows, (Rows{{"a", "b"}, {"2", "y"}, {"3", "z"}}));
  EXPECT_THAT(reading.faults, testing::ElementsAre("2: a quote is opened that is never closed"));
  EXPECT_EQ(reading.lines, (std::vector<uint64_t>{1, 3, 4}));
  EXPECT_THAT(read("\"").faults, testing::ElementsAre("1: a quote is opened that is never closed"));
}

TEST(Csv, LosesOneLineToTextAfterAClosingQuote) {
  const Reading reading = read("a,b\n\"x\"y,1\n2,y\n\"z\" ,3\n4,w\n");
  EXPECT_EQ(reading.rows, (Rows{{"a", "b"}, {"2", "y"}, {"4", "w"}}));
  EXPECT_THAT(reading.faults, testing::ElementsAre("2: text follows a closing quote",
                                                   "4: text follows a closing quote"));
}

// One quote is missing on line 2; the next line's opening quote would close it.
TEST(Csv, GoesOnAtTheNextLineWhereAQuoteIsMissing) {
  const Reading reading = read("\"a\",\"b\"\n\"1\",\"x\n\"2\",\"y\"\n\"3\",\"z\"\n");
  EXPECT_EQ(reading.rows, (Rows{{"a", "b"}, {"2", "y"}, {"3", "z"}}));
  EXPECT_EQ(reading.lines, (std::vector<uint64_t>{1, 3, 4}));
}

// On every line a quote is open until the end, whether or not one was open before it.
TEST(Csv, DoesNotReadATextOverAndOver) {
  std::string text;
  constexpr int kLines = 100'000;
  for (int i = 0; i < kLines; ++i) text += "a\",x\",\"\n";
  const auto start = std::chrono::steady_clock::now();
  const Reading reading = read(text);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_THAT(reading.rows, testing::IsEmpty());
  // Every line is accounted for.
  EXPECT_THAT(reading.faults.back(),
              testing::MatchesRegex("[0-9]+-100000: a quote is opened that is never closed"));
}

// What a row is, as slowly and plainly as possible; nothing where the text has a fault.
std::optional<Rows> naive(const std::string& text) {
  enum class State { start, plain, quoted, closed };
  Rows rows;
  std::vector<std::string> row(1);
  State state = State::start;
  const auto end_row = [&] {
    if (row.size() > 1 || state != State::start) rows.push_back(row);
    row.assign(1, "");
    state = State::start;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (state == State::quoted) {
      if (c == '"') state = State::closed;
      if (c != '"') row.back() += c;
    } else if (c == '"' && state == State::start) {
      state = State::quoted;
    } else if (c == '"' && state == State::closed) {
      row.back() += c;
      state = State::quoted;
    } else if (c == ',') {
      row.emplace_back();
      state = State::start;
    } else if (c == '\n' || c == '\r') {
      if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
      end_row();
    } else if (state == State::closed) {
      return std::nullopt;
    } else {
      row.back() += c;
      state = State::plain;
    }
  }
  if (state == State::quoted) return std::nullopt;
  end_row();
  return rows;
}

TEST(Csv, AgreesWithANaiveModel) {
  std::mt19937 random(20240303);
  const std::string alphabet = "\"\"\"\",,,\n\n\rab";
  int good = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text;
    const size_t size = random() % 16;
    for (size_t i = 0; i < size; ++i) text += alphabet[random() % alphabet.size()];
    const auto expected = naive(text);
    const Reading reading = read(text);
    ASSERT_EQ(expected.has_value(), reading.faults.empty()) << testing::PrintToString(text);
    if (!expected) continue;
    ++good;
    ASSERT_EQ(reading.rows, *expected) << testing::PrintToString(text);
  }
  EXPECT_GT(good, 20'000);
}

TEST(Csv, GivesBackWhatWasWritten) {
  std::mt19937 random(7);
  const std::string alphabet = "\"\",\n\r abcé";
  for (int round = 0; round < 20'000; ++round) {
    Rows rows(1 + random() % 4);
    std::string text;
    const char* line_break = std::vector<const char*>{"\n", "\r\n", "\r"}[random() % 3];
    for (auto& row : rows) {
      for (size_t i = 0; i < 3; ++i) {
        std::string& field = row.emplace_back();
        const size_t size = random() % 6;
        for (size_t k = 0; k < size; ++k) field += alphabet[random() % alphabet.size()];
        if (i > 0) text += ',';
        if (field.find_first_of("\",\r\n") == std::string::npos && random() % 2 == 0) {
          text += field;
          continue;
        }
        text += '"';
        for (const char c : field) text += c == '"' ? "\"\"" : std::string(1, c);
        text += '"';
      }
      text += line_break;
    }
    const Reading reading = read(text);
    ASSERT_EQ(reading.rows, rows) << testing::PrintToString(text);
  }
}

TEST(Csv, BoundsARowsFields) {
  const std::string row(kCsvFieldsLimit - 1, ',');
  EXPECT_EQ(read(row + "\nb\n").rows.size(), 2U);
  const Reading reading = read(row + ",\nb\n");
  EXPECT_EQ(reading.rows, Rows{{"b"}});
  EXPECT_THAT(reading.faults, testing::ElementsAre("1: it has more than 20,000 fields"));
}

TEST(Csv, BoundsAFieldsBytes) {
  const std::string field(kCsvFieldBytesLimit, 'x');
  EXPECT_EQ(read(field + "\nb\n").rows.size(), 2U);
  EXPECT_EQ(read("\"" + field + "\",c\nb\n").rows.size(), 2U);
  for (const std::string& text :
       {field + "x\nb\n", "a," + field + "x,c\nb\n", "\"" + field + "x\"\nb\n"}) {
    const Reading reading = read(text);
    EXPECT_EQ(reading.rows, Rows{{"b"}});
    EXPECT_THAT(reading.faults, testing::ElementsAre("1: a field has more than 1,048,576 bytes"));
  }
}

}  // namespace
}  // namespace turntable
