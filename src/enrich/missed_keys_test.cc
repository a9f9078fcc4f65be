#include "enrich/missed_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace turntable {
namespace {

using testing::ElementsAre;
using Missed = MissedKeys::Missed;

TEST(MissedKeysTest, TheMostMissedComeFirst) {
  MissedKeys keys;
  for (const char* key : {"a", "b", "c", "b", "c", "c"}) keys.add(key);
  EXPECT_THAT(keys.most(2), ElementsAre(Missed{"c", 3}, Missed{"b", 2}));
  EXPECT_EQ(keys.total(), 6U);
  EXPECT_EQ(keys.most(10).size(), 3U);
}

TEST(MissedKeysTest, KeysThatAreMissedOftenAreFoundAmongAnyNumberOfOthers) {
  MissedKeys keys;
  std::mt19937 random(7);
  // Ten keys are missed once in a hundred times each, and all others once at all.
  for (uint64_t i = 0; i < 200'000; ++i)
    keys.add(random() % 10 == 0 ? "often " + std::to_string(random() % 10)
                                : "once " + std::to_string(i));
  EXPECT_EQ(keys.total(), 200'000U);
  for (const Missed& missed : keys.most(10)) {
    EXPECT_TRUE(missed.key.starts_with("often")) << missed.key;
    EXPECT_NEAR(static_cast<double>(missed.count), 2'000, 400) << missed.key;
  }
}

TEST(MissedKeysTest, LanesAreAddedUp) {
  MissedKeys one;
  MissedKeys other;
  for (int i = 0; i < 3; ++i) one.add("a");
  for (int i = 0; i < 2; ++i) other.add("a");
  for (int i = 0; i < 4; ++i) other.add("b");
  one.add(other);
  EXPECT_THAT(one.most(10), ElementsAre(Missed{"a", 5}, Missed{"b", 4}));
  EXPECT_EQ(one.total(), 9U);
}

TEST(MissedKeysTest, WhatWasCountedForOtherKeysIsNotShown) {
  MissedKeys keys;
  for (int i = 0; i < 100'000; ++i) keys.add(std::to_string(i));
  EXPECT_EQ(keys.total(), 100'000U);
  EXPECT_EQ(keys.most(1)[0].count, 1U);
}

TEST(MissedKeysTest, ALongKeyIsCutBehindACharacter) {
  MissedKeys keys;
  keys.add(std::string(10'000, 'x'));
  EXPECT_EQ(keys.most(1)[0].key.size(), MissedKeys::kKeyBytesLimit);
  MissedKeys wide;
  for (int i = 0; i < 3; ++i) wide.add("x" + std::string(199, 'y') + "\u00e9");
  std::string text = "x";
  while (text.size() < 300) text += "\u00e9";
  wide.add(text);
  EXPECT_EQ(wide.most(2)[1].key.size(), 199U);
}

}  // namespace
}  // namespace turntable
