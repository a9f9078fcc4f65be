// Fields that are declared and not there: what is found out about them, and what is said.
#include "decode/field_census.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode/testing.h"

namespace turntable {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Code = RejectCode;
using Events = std::vector<std::string>;

// As `userId int, songTitle text` without quotes is folded.
Schema folded() {
  return {{"userid", Type::int32}, {"songtitle", Type::text}, {"time", Type::text}};
}

TEST(FieldCensus, KnowsTheFieldsThatNoRecordHad) {
  DecoderHarness plays(folded());
  EXPECT_THAT(plays.census().absent, ElementsAre("userid", "songtitle", "time"));
  EXPECT_EQ(plays.census().records, 0U);
  plays.decode(Events{R"({"userId":1,"songTitle":"a","time":"t"})", "no JSON", "[]",
                      R"({"userId":2,"songTitle":"b","time":null})"});
  EXPECT_EQ(plays.census().records, 2U);
  EXPECT_THAT(plays.census().absent, ElementsAre("userid", "songtitle"));
  EXPECT_THAT(plays.census().others, ElementsAre("userId", "songTitle"));
  // One record that has it is enough, whatever its value.
  plays.decode(Events{R"({"userid":"x"})"});
  EXPECT_THAT(plays.census().absent, ElementsAre("songtitle"));
}

TEST(FieldCensus, RemembersABoundedNumberOfNames) {
  DecoderHarness plays(folded());
  for (int i = 0; i < 1000; ++i)
    plays.decode(Events{R"({"time":"t","x)" + std::to_string(i) + "\":1}"});
  EXPECT_EQ(plays.census().others.size(), 64U);
}

TEST(FieldCensus, RemembersTheNameThatDiffersByCaseBeyondThem) {
  DecoderHarness plays(folded());
  std::string wide = R"({"time":"t")";
  for (int i = 0; i < 1000; ++i) wide += ",\"x" + std::to_string(i) + "\":1";
  wide += R"(,"userId":1,"uSerId":2,"USERID":3})";
  plays.decode(Events(3, wide));
  EXPECT_EQ(plays.census().others.size(), 65U);
  EXPECT_EQ(plays.census().others.back(), "userId");

  DecoderHarness needed({{"time", Type::text}, {"userid", Type::int32, true}});
  EXPECT_EQ(needed.reason(wide),
            "The field 'userid' is missing, but it must have a value. There is \"userId\": write "
            "it in double quotes in CREATE TABLE.");
}

TEST(FieldCensus, RemembersNamesWithEscapes) {
  DecoderHarness plays(folded());
  plays.decode(Events(2, R"({"user\u0049d":1,"time":"t"})"));
  EXPECT_THAT(plays.census().others, ElementsAre("userId"));
}

TEST(FieldCensus, KnowsNothingOfTheFieldsOfABrokenRecord) {
  DecoderHarness plays(folded());
  plays.decode(Events{R"({"userid":1,"songTitle":"a","time":"t")", R"({"userid":1,"songTitle":)"});
  EXPECT_EQ(plays.census().records, 0U);
  EXPECT_THAT(plays.census().absent, ElementsAre("userid", "songtitle", "time"));
  EXPECT_THAT(plays.census().others, IsEmpty());
  plays.decode(Events{R"({"userid":1,"songTitle":"a","time":"t"})"});
  EXPECT_EQ(plays.census().records, 1U);
  EXPECT_THAT(plays.census().absent, ElementsAre("songtitle"));
  EXPECT_THAT(plays.census().others, ElementsAre("songTitle"));
}

TEST(FieldCensus, SaysNothingWhereNoObjectWasRead) {
  DecoderHarness plays(folded());
  plays.decode(Events(1000, "no JSON"));
  EXPECT_THAT(warnings_of(plays.census(), "plays"), IsEmpty());
}

TEST(FieldCensus, SaysWhereANameNeedsDoubleQuotes) {
  const std::vector<std::string> found{"user-id", "song.title", "play time", "Tme"};
  EXPECT_EQ(near_field("user_id", found), " Did you mean \"user-id\"? It needs the double quotes.");
  EXPECT_EQ(near_field("song_title", found),
            " Did you mean \"song.title\"? It needs the double quotes.");
  EXPECT_EQ(near_field("playtime", found),
            " Did you mean \"play time\"? It needs the double quotes.");
  EXPECT_EQ(near_field("time", found), " Did you mean \"Tme\"? It needs the double quotes.");
  // A reserved word does, though it is written like any other name.
  EXPECT_EQ(near_field("ordr", std::vector<std::string>{"order"}),
            " Did you mean \"order\"? It needs the double quotes.");
  EXPECT_THAT(warnings_of({.records = 2, .absent = {"user_id"}, .others = found}, "plays"),
              ElementsAre("no record of plays had the field \"user_id\" in 2 records. Did you mean "
                          "\"user-id\"? It needs the double quotes."));
  // SQL folds ASCII letters only, so that this is a typing error like any other.
  EXPECT_FALSE(same_but_for_case("üserid", "ÜserId"));
  EXPECT_EQ(near_field("üserid", std::vector<std::string>{"ÜserId"}),
            " Did you mean \"ÜserId\"? It needs the double quotes.");
}

TEST(FieldCensus, SaysHowTheFieldIsWritten) {
  const FieldCensus census{
      .records = 1000, .absent = {"userid", "tme", "gone"}, .others = {"userId", "time", "x"}};
  EXPECT_THAT(
      warnings_of(census, "plays"),
      ElementsAre(
          "no record of plays had the field \"userid\" in 1,000 records, but they have "
          "\"userId\": write \"userId\" in double quotes in CREATE TABLE plays",
          "no record of plays had the field \"tme\" in 1,000 records. Did you mean \"time\"?",
          "no record of plays had the field \"gone\" in 1,000 records: its column is NULL"));
  EXPECT_THAT(warnings_of({.records = 5, .absent = {}, .others = {"userId"}}, "plays"), IsEmpty());
}

TEST(FieldCensus, SaysABoundedNumberOfThings) {
  FieldCensus census{.records = 1, .absent = {}, .others = {}};
  for (int i = 0; i < 2000; ++i) census.absent.push_back("f" + std::to_string(i));
  const auto warnings = warnings_of(census, "plays");
  ASSERT_EQ(warnings.size(), 10U);
  EXPECT_THAT(warnings.back(), testing::HasSubstr("(1990 more of its fields were in no record)"));
}

TEST(FieldCensus, SumsUpWhatLanesSaw) {
  const FieldCensus first{.records = 600, .absent = {"a", "b"}, .others = {"A"}};
  const FieldCensus second{.records = 500, .absent = {"b", "c"}, .others = {"A", "B"}};
  const FieldCensus idle{.records = 0, .absent = {"a", "b", "c"}, .others = {}};
  const FieldCensus sum = merged(std::vector{idle, first, second, idle});
  EXPECT_EQ(sum.records, 1100U);
  EXPECT_THAT(sum.absent, ElementsAre("b"));
  EXPECT_THAT(sum.others, ElementsAre("A", "B"));
  // A run that has read nothing has nothing to say.
  EXPECT_THAT(warnings_of(merged(std::vector{idle}), "plays"), IsEmpty());
}

TEST(FieldCensus, AnEventWithNoneOfTheFieldsIsNoRow) {
  DecoderHarness plays(folded());
  EXPECT_EQ(plays.reason(R"({"before":null,"after":{"userid":1},"source":{},"op":"c"})"),
            "The event has none of the declared fields (userid, songtitle, time). It has only "
            "before, after, source, op.");
  EXPECT_EQ(plays.rejects()[0].code, Code::missing_field);
  EXPECT_EQ(plays.reason("{}"),
            "The event has none of the declared fields (userid, songtitle, time). It has no "
            "fields.");
  EXPECT_EQ(plays.reason(R"({"t\u0069me\n":1})"),
            "The event has none of the declared fields (userid, songtitle, time). It has only "
            "time\\n.");
  // One is enough, and a null is one.
  EXPECT_EQ(plays.fault(R"({"time":null})"), std::nullopt);
  EXPECT_EQ(plays.fault(R"({"t\u0069me":"t"})"), std::nullopt);
}

TEST(FieldCensus, AStreamWithoutDeclaredFieldsTakesEveryObject) {
  DecoderHarness anything(Schema{});
  EXPECT_EQ(anything.fault("{}"), std::nullopt);
  EXPECT_EQ(anything.fault(R"({"a":1})"), std::nullopt);
}

TEST(FieldCensus, NamesInAReasonAreBounded) {
  DecoderHarness plays(folded());
  std::string event = "{\"" + std::string(10'000, 'x') + "\":0";
  for (int i = 0; i < 500; ++i) event += ",\"f" + std::to_string(i) + "\":0";
  const std::string reason = plays.reason(event + "}");
  EXPECT_LT(reason.size(), 300U);
  EXPECT_TRUE(reason.ends_with("f6, ….")) << reason;
}

TEST(FieldCensus, TheReasonOfAMissingFieldNamesTheNearOne) {
  DecoderHarness plays({{"userid", Type::int32, true}, {"time", Type::text, true}});
  EXPECT_EQ(plays.reason(R"({"userId":1,"time":"t"})"),
            "The field 'userid' is missing, but it must have a value. There is \"userId\": write "
            "it in double quotes in CREATE TABLE.");
  EXPECT_EQ(plays.reason(R"({"userid":1,"tme":"t"})"),
            "The field 'time' is missing, but it must have a value. Did you mean \"tme\"?");
  EXPECT_EQ(plays.reason(R"({"userid":1,"x":"t"})"),
            "The field 'time' is missing, but it must have a value.");
  EXPECT_EQ(plays.reason(R"({"USERID":1})"),
            "The event has none of the declared fields (userid, time). It has only USERID. "
            "Write \"USERID\" in double quotes in CREATE TABLE.");
}

}  // namespace
}  // namespace turntable
