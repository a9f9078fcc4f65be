// All of JSONTestSuite (tests/corpora/JSONTestSuite): as an event of its own, and as a field that
// no column asks for, at either end of a valid event, so that arrays and scalars are judged too.
// What parsers may decide for themselves (i_) is kept in tests/golden/json_i_files.txt;
// UPDATE_GOLDEN=1 writes it anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/source_dir.h"
#include "decode/testing.h"

namespace turntable {
namespace {

namespace fs = std::filesystem;
const fs::path kCorpus = source_path("tests/corpora/JSONTestSuite/test_parsing");
const fs::path kGolden = source_path("tests/golden/json_i_files.txt");

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Case {
  std::string name;
  std::string text;
};

std::vector<Case> cases(std::string_view prefix) {
  std::vector<Case> found;
  for (const auto& entry : fs::directory_iterator(kCorpus)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix)) found.push_back({name, contents(entry.path())});
  }
  std::sort(found.begin(), found.end(),
            [](const Case& a, const Case& b) { return a.name < b.name; });
  return found;
}

class JsonCorpus : public testing::Test {
 protected:
  std::optional<RejectCode> alone(const Case& c) { return anything_.fault(c.text); }
  std::optional<RejectCode> last(const Case& c) {
    return event_.fault(R"({"id":1,"extra":)" + c.text + "}");
  }
  std::optional<RejectCode> first(const Case& c) {
    return event_.fault(R"({"extra":)" + c.text + R"(,"id":1})");
  }

  DecoderHarness anything_{Schema{}};
  DecoderHarness event_{Schema{{"id", Type::int32, true}}};
};

bool is_syntax(std::optional<RejectCode> fault) {
  return fault == RejectCode::json_syntax || fault == RejectCode::invalid_utf8;
}

bool is_object(const Case& c) {
  const size_t begin = c.text.find_first_not_of(" \t\r\n");
  return begin != std::string::npos && c.text[begin] == '{';
}

TEST_F(JsonCorpus, MakesRowsOfWhatEveryParserMustAccept) {
  const auto all = cases("y_");
  ASSERT_EQ(all.size(), 95U);
  for (const Case& c : all) {
    EXPECT_EQ(last(c), std::nullopt) << c.name;
    EXPECT_EQ(first(c), std::nullopt) << c.name;
    EXPECT_EQ(alone(c), is_object(c) ? std::nullopt : std::optional(RejectCode::json_syntax))
        << c.name;
  }
}

TEST_F(JsonCorpus, RejectsWhatEveryParserMustReject) {
  const auto all = cases("n_");
  ASSERT_EQ(all.size(), 188U);
  for (const Case& c : all) {
    EXPECT_TRUE(is_syntax(last(c))) << c.name;
    EXPECT_TRUE(is_syntax(first(c))) << c.name;
    const auto fault = alone(c);
    EXPECT_TRUE(is_syntax(fault) || (c.text.empty() && fault == RejectCode::empty_value)) << c.name;
  }
}

TEST_F(JsonCorpus, DecidesTheRestAsTheGoldenSays) {
  const auto all = cases("i_");
  ASSERT_EQ(all.size(), 35U);
  const auto word = [](std::optional<RejectCode> fault) {
    return fault ? std::string(reject_code_name(*fault)) : std::string("row");
  };
  std::string found;
  for (const Case& c : all) {
    EXPECT_EQ(last(c), first(c)) << c.name;
    found += c.name + ": " + word(last(c)) + "\n";
  }
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(kGolden, std::ios::binary) << found;
  EXPECT_EQ(found, contents(kGolden)) << "UPDATE_GOLDEN=1 accepts this";
}

}  // namespace
}  // namespace turntable
